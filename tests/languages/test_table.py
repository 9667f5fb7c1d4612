"""The table fails where a language has no row or a row has a gap, and the documents are read as an author reads them."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import author  # noqa: E402
import readme  # noqa: E402
import table  # noqa: E402
import tools  # noqa: E402

TEMPLATES = sorted(folder for folder in (tools.ROOT / "plugins/templates").iterdir() if folder.is_dir())


def whole(language: str) -> table.Row:
    return table.Row(language, "lines", "Zig 1.0", 7, 1.0, 0.1, 70e-6, 0.004, 2**20, 4096.0, steps={"new": 0.1, "build": 2.0})


class ATable(unittest.TestCase):
    def test_a_language_without_a_row_fails_it(self):
        table.judge(["c", "go"], [whole("c"), whole("go")])
        with self.assertRaisesRegex(table.Absent, "^go: there is no row$"):
            table.judge(["c", "go"], [whole("c")])

    def test_every_template_has_its_row_and_a_row_without_a_template_fails_it(self):
        self.assertEqual([folder.name for folder in TEMPLATES], list(table.LANGUAGES))
        with tempfile.TemporaryDirectory() as kept:
            row = author.way("cobol", Path("/bin/false"), Path(kept))
        with self.assertRaisesRegex(table.Absent, "^cobol: Stuck: "):
            table.judge(["cobol"], [row])

    def test_a_gap_in_a_row_fails_it(self):
        for gap in ("kind", "tools", "size", "cold_s", "cached_s", "instance_s", "start_s", "peak_bytes", "resident_bytes"):
            row = whole("c")
            setattr(row, gap, None)
            with self.assertRaisesRegex(table.Absent, f"^c: no {gap}$"):
                table.judge(["c"], [row])
        row = whole("c")
        row.steps = {}
        with self.assertRaisesRegex(table.Absent, "^c: no steps$"):
            table.judge(["c"], [row])

    def test_a_way_that_has_no_end_says_why(self):
        with tempfile.TemporaryDirectory() as kept:
            row = author.way("rust", Path("/bin/false"), Path(kept))
        self.assertIn("`anvil plugin new --lang rust my-agent` ended with 1", row.failed)
        with self.assertRaisesRegex(table.Absent, "^rust: Stuck: "):
            table.judge(["rust"], [row])

    def test_it_is_written_between_the_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.md"
            page.write_text(f"before\n{table.BEGIN}\nof last year\n{table.END}\nafter\n")
            table.write(page, table.markdown([whole("c")], Path("target/release/anvil"), 0.4, 31, 16))
            said = page.read_text()
        self.assertTrue(said.startswith("before\n") and said.endswith("\nafter\n"), said)
        self.assertIn("| `c` | lines | Zig 1.0 | 7 bytes | 1.00 s | 0.10 s | 70 µs | 4.0 ms | 1.00 MiB | 0.00 MiB |", said)
        self.assertIn("| `c` | 0.1 | 2.0 | 2.1 |", said)
        self.assertIn("release build", said)
        self.assertNotIn("last year", said)


class Documents(unittest.TestCase):
    def test_the_table_that_is_written_has_every_row_twice(self):
        said = (tools.ROOT / "docs/languages.md").read_text().split(table.BEGIN)[1].split(table.END)[0]
        for language in table.LANGUAGES:
            self.assertEqual(said.count(f"\n| `{language}` | "), 2, language)

    def test_the_page_begins_a_project_in_each_language(self):
        for folder in TEMPLATES:
            new, into = readme.beginning(tools.ROOT / "docs/languages.md", folder.name, "tea-taster")
            self.assertEqual(new.line, f"anvil plugin new --lang {folder.name} tea-taster")
            self.assertEqual(into.line, "cd tea-taster")

    def test_every_readme_leads_to_a_finished_job(self):
        for folder in TEMPLATES:
            self.assertTrue(readme.of_project(folder / "README.md"), folder.name)

    def test_a_readme_without_a_step_is_refused(self):
        lines = (tools.ROOT / "plugins/templates/c/README.md").read_text().splitlines(keepends=True)
        for step in ("make\n", "make test\n", "anvil plugin check", "anvil serve", "cp ", "anvil agents list", "anvil submit"):
            kept = [line for line in lines if not line.startswith(step) or (step == "make\n" and line != step)]
            self.assertLess(len(kept), len(lines), step)
            with tempfile.TemporaryDirectory() as folder:
                document = Path(folder) / "README.md"
                document.write_text("".join(kept))
                with self.assertRaises(readme.Unclear, msg=step):
                    readme.of_project(document)

    def test_commands_are_those_of_a_shell_without_what_is_said_of_them(self):
        with tempfile.TemporaryDirectory() as folder:
            document = Path(folder) / "page.md"
            document.write_text("## A\n\n```sh\n# no command\nmake a \\\n  b   # said of it\n```\n```toml\nx = 1\n```\n")
            (command,) = readme.commands(document)
        self.assertEqual((command.section, command.words, command.shown), ("A", ["make", "a", "b"], "make a   b"))


class Pins(unittest.TestCase):
    def test_what_is_installed_is_pinned_with_its_digests_and_names_no_registry(self):
        for folder in TEMPLATES:
            for manifest, lock in (("package.json", "package-lock.json"), ("Cargo.toml", "Cargo.lock")):
                self.assertEqual((folder / manifest).exists(), (folder / lock).exists(), folder.name)
            if (folder / "package.json").exists():
                said = (folder / "package-lock.json").read_text()
                self.assertNotIn("http", said, folder.name)
                packages = said.count('"node_modules/')
                self.assertTrue(0 < packages == said.count('"integrity"'), folder.name)
        pins = [*tools.HERE.glob("*.txt"), *(folder / "requirements.txt" for folder in TEMPLATES)]
        pins = [pin for pin in pins if pin.exists()]
        self.assertGreaterEqual(len(pins), 4)
        for pin in pins:
            blocks = pin.read_text().replace("\\\n", "").splitlines()
            wanted = [block for block in blocks if block and not block.startswith("#")]
            self.assertTrue(wanted, pin)
            for block in wanted:
                self.assertRegex(block, r"^[\w-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}", pin)


if __name__ == "__main__":
    unittest.main()
