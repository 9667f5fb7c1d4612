"""Commands out of a document: what stands in its blocks of `sh`, by heading, as an author would paste it."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

# What each README has, in this order.
BUILD, TEST, RUN = "Build", "Test", "Check and run"
TOOLCHAIN = "Toolchain"


class Unclear(Exception):
    """A document does not say what an author needs."""


@dataclass
class Command:
    """A line of a block."""

    section: str
    line: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line, comments=True)

    @property
    def shown(self) -> str:
        """Without what is said of it."""
        return re.sub(r"\s+# .*", "", self.line)

    def begins(self, *words: str) -> bool:
        return tuple(self.words[: len(words)]) == words


def commands(document: Path) -> list[Command]:
    """Its commands, in order. A line that ends in `\\` goes on in the next."""
    found: list[Command] = []
    section, language, begun = "", None, ""
    for line in document.read_text().splitlines():
        fence = re.match(r"```(\w*)", line)
        if fence:
            language = None if language is not None else fence[1]
        elif language is None:
            section = line[3:].strip() if line.startswith("## ") else section
        elif language == "sh":
            begun += line.removesuffix("\\")
            if not line.endswith("\\"):
                if begun.strip() and not begun.lstrip().startswith("#"):
                    found.append(Command(section, begun.strip()))
                begun = ""
    return found


def of_project(document: Path) -> list[Command]:
    """The commands of a template's README, which has what leads from nothing to a finished job."""
    found = commands(document)
    for section in (BUILD, TEST, RUN):
        if not any(command.section == section for command in found):
            raise Unclear(f"the README has no command under `## {section}`")
    steps = ["anvil plugin check", "anvil serve", "cp", "anvil agents list", "anvil submit"]
    said = [command for command in found if command.section == RUN]
    at = 0
    for step in steps:
        places = [n for n in range(at, len(said)) if said[n].begins(*step.split())]
        if not places:
            raise Unclear(f"the README does not say `{step}` in its place under `## {RUN}`")
        at = places[0] + 1
    return found


def beginning(document: Path, language: str, name: str) -> list[Command]:
    """The commands with which a project begins: of the page on languages, for one of them, up to where its README goes on."""
    found = commands(document)
    begin = [n for n, command in enumerate(found) if command.begins("anvil", "plugin", "new")]
    if not begin or not found[begin[0] + 1].begins("cd"):
        raise Unclear(f"{document.name} does not begin with `anvil plugin new` and `cd`")
    two = found[begin[0] : begin[0] + 2]
    new = two[0].words
    stands = {new[new.index("--lang") + 1]: language, new[-1]: name}
    return [Command("Begin", shlex.join(stands.get(word, word) for word in command.words)) for command in two]
