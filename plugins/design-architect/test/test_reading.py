"""What is read: requirements of any form, JSON that was cut, and the SDK that this agent was begun with."""

import json
import unittest
from pathlib import Path

import cut
import requirements_text
import sdk
from test.played import REQUIREMENTS

AGENT = Path(__file__).parent.parent
TEMPLATE = AGENT.parent / "templates" / "python"


def ids(text: str) -> list[tuple[str, str]]:
    return [(r.id, r.statement) for r in requirements_text.read(text).each]


class Requirements(unittest.TestCase):
    def test_ids_are_found_however_they_are_written(self) -> None:
        for line in (
            "- **R1** (must): A link works.",
            "- **R1:** A link works.",
            "### R1 – A link works.",
            "R1. A link works.",
            "1. `R1`: A link works.",
            "| R1 | A link works. |",
            "R1 A link works.",
            # As requirements-analyzer's page has it.
            "### R1 (must, functional)\n\nA link works.\n\n- [ ] A name leads to its link.",
        ):
            self.assertEqual(ids(f"# Links\n\n{line}\n"), [("R1", "A link works.")], line)
        self.assertEqual(ids("FR-12: a\nNFR3: b\nFR-12: c"), [("FR-12", "a"), ("NFR3", "b")])
        self.assertEqual(ids("### R1 (must)\n\n### R2\n\nIt lasts.\n\n### R3"), [("R2", "It lasts.")])

    def test_plain_text_has_none(self) -> None:
        for text in ("Build a login form.", "- HTML5 is used", "A4: paper", "{not JSON", "[]", '{"a": 1}'):
            with self.subTest(text):
                self.assertEqual(requirements_text.read(text).text, text)
        self.assertEqual(ids("Build a login form.\nIt has 2 fields."), [])

    def test_the_analyzer_s_json_is_told_in_few_words(self) -> None:
        read = requirements_text.read(json.dumps(REQUIREMENTS))
        self.assertEqual([r.id for r in read.each], ["R1", "R2"])
        for line in ("- R1 (must, functional): A link", "  - accepted when: A name", "- Do links expire? – It decides", "Out of scope:\n- Statistics."):
            self.assertIn(line, read.text)
        self.assertEqual(ids('["one", {"statement": "two"}]'), [("R1", "one"), ("R2", "two")])


class Cut(unittest.TestCase):
    WHOLE = {"a": 'x"y', "list": [{"n": "1", "of": ["p", "q"]}, {"n": "2", "of": []}], "end": [{"z": "é"}]}

    def test_what_is_complete_is_kept(self) -> None:
        text = json.dumps(self.WHOLE)
        for before, kept in [
            ('{"n": "2"', {"a": 'x"y', "list": self.WHOLE["list"][:1]}),
            ('"q"', {"a": 'x"y', "list": []}),
            ('"end"', {"a": 'x"y', "list": self.WHOLE["list"]}),
            ('"list"', {"a": 'x"y'}),
            ('y"', None),
        ]:
            self.assertEqual(cut.salvage(text[: text.index(before)]), kept, before)

    def test_a_cut_anywhere_gives_a_beginning_of_the_whole(self) -> None:
        text = json.dumps(self.WHOLE)
        for at in range(len(text)):
            value = cut.salvage(text[:at]) or {}
            for name, part in value.items():
                self.assertEqual(part, self.WHOLE[name][: len(part)], text[:at])

    def test_what_is_too_deep_is_not_read(self) -> None:
        for text, deep in (
            ("[" * 100, False),
            ("[" * 101, True),
            ('{"a":' * 101, True),
            ("[]" * 5_000, False),
            ('["' + "[" * 5_000 + '"]', False),
            ('["\\"' + "[" * 5_000, False),
            ('["\\\\"' + "[" * 100, True),
        ):
            self.assertEqual(sdk.too_deep(text), deep, text[:20])
        self.assertIsNone(cut.salvage("[" * 5_000))
        self.assertEqual(ids("[" * 5_000 + "]" * 5_000), [])


@unittest.skipUnless(TEMPLATE.is_dir(), "the template is not there")
class Begun(unittest.TestCase):
    def test_the_sdk_is_the_template_s(self) -> None:
        for name in ("sdk.py", "app.py", "snapshot.py", "requirements.txt"):
            self.assertEqual((AGENT / name).read_text(), (TEMPLATE / name).read_text(), name)


if __name__ == "__main__":
    unittest.main()
