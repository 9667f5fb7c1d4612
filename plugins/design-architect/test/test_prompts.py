"""Each prompt is what stands in `golden/`. A changed one is written anew by `GOLDEN=write python -m unittest`, then read."""

import json
import os
import unittest
from pathlib import Path
from typing import Any

import agent
from test.played import COVERAGE, FILES, FOUND, GOOD, PARTS, PAYLOAD, REASONS, Played, cut, says

GOLDEN = Path(__file__).parent / "golden"
CODE = {"main.go": b"package main\n\nfunc main() {}\n"}


def shown(request: dict[str, Any]) -> str:
    """A request as a text."""
    turns = "".join(f"--- {turn['role']}\n{turn['content'][0]['text']}\n" for turn in request["messages"])
    schema = json.dumps(request["options"]["output_config"]["format"]["schema"], indent=1)
    return f"--- system\n{request['system']}\n{turns}--- schema\n{schema}\n"


class Prompts(unittest.TestCase):
    def golden(self, name: str, request: dict[str, Any]) -> None:
        file = GOLDEN / f"{name}.txt"
        if os.environ.get("GOLDEN") == "write":
            file.write_text(shown(request), encoding="utf-8")
        self.assertEqual(shown(request), file.read_text(encoding="utf-8"))

    def test_they_are_golden(self) -> None:
        host = Played(*GOOD, files=CODE)
        host.settings["house_rules"] = "No dependency without a reason."
        agent.run(host, "design", PAYLOAD)
        for name, request in zip(("outline", "parts", "files", "reasons", "coverage"), host.asked, strict=True):
            self.golden(name, request)

    def test_those_of_odd_answers_are_too(self) -> None:
        host = Played(says("{}"), FOUND, PARTS, cut(FILES, "links/links"), FILES, REASONS, COVERAGE)
        agent.run(host, "design", {"requirements": "Short links, fast."})
        self.golden("outline-of-plain-text", host.asked[0])
        self.golden("repair", host.asked[1])
        self.golden("rest-of-files", host.asked[4])


if __name__ == "__main__":
    unittest.main()
