"""Requirements as they come: free text, Markdown with ids, or the JSON of requirements-analyzer."""

import json
import re
from dataclasses import dataclass
from typing import Any, Iterator

import sdk

MOST = 120
"""More requirements than these are not looked at one by one."""


@dataclass(frozen=True)
class Requirement:
    """One requirement."""

    id: str
    """A name that can stand in a schema: letters, digits and `_.-`."""
    statement: str


@dataclass(frozen=True)
class Requirements:
    """What is to be met."""

    text: str
    """As Claude is shown it."""
    each: tuple[Requirement, ...]
    """One by one; none where the text does not number them."""


# A line such as `- **R1** (must): …`, `FR-12 …`, `### R3 – …` or `| R4 | … |`.
NUMBERED = re.compile(
    r"^\s*(?:[-*+]\s+|#{1,6}\s+|\d+[.)]\s+|\|\s*)?[*_`\[]*(?P<id>[A-Z]{1,5}-?\d{1,4})[*_`\]]*"
    r"(?:\s*\([^)]*\))?\s*(?:[:.)|–—-]+[*_`]*\s*|\s+)(?P<statement>\S.*)$"
)

# A heading such as `### R1 (must, functional)`, as requirements-analyzer writes it: the statement stands below.
HEADING = re.compile(r"^#{1,6}\s+[*_`\[]*(?P<id>[A-Z]{1,5}-?\d{1,4})[*_`\]]*(?:\s*\([^)]*\))?[\s:.–—-]*$")


def read(text: str) -> Requirements:
    """Reads requirements, whatever form they have."""
    if text.startswith(("{", "[")) and not sdk.too_deep(text):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        found = _of_json(value)
        if found:
            return found
    return Requirements(text, _unique(_of_lines([line for line in map(_text, text.splitlines()) if line])))


def _of_lines(lines: list[str]) -> Iterator[Requirement]:
    for line, below in zip(lines, [*lines[1:], "#"]):
        if heading := HEADING.match(line):
            if not below.startswith("#"):
                yield Requirement(heading["id"], below)
        elif found := NUMBERED.match(line):
            yield Requirement(found["id"], found["statement"].strip(" |*_"))


def numbered(statements: list[str]) -> tuple[Requirement, ...]:
    """Requirements that had no ids, with some."""
    return tuple(Requirement(f"R{number}", statement) for number, statement in enumerate(statements, 1))


def _of_json(value: Any) -> Requirements | None:
    listed = value.get("requirements") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return None
    each, lines = [], []
    for number, item in enumerate(listed, 1):
        item = {"statement": item} if isinstance(item, str) else item
        if not isinstance(item, dict) or not _text(item.get("statement")):
            return None
        id = re.sub(r"[^A-Za-z0-9_.-]", "-", _text(item.get("id")))[:40] or f"R{number}"
        requirement = Requirement(id, _text(item["statement"]))
        each.append(requirement)
        kinds = ", ".join(filter(None, (_text(item.get("priority")), _text(item.get("kind")))))
        lines.append(f"- {requirement.id}{f' ({kinds})' if kinds else ''}: {requirement.statement}")
        lines += [f"  - accepted when: {check}" for check in _texts(item.get("acceptance"))]
    if not each:
        return None
    around = value if isinstance(value, dict) else {}
    parts = [_text(around.get("summary")), "\n".join(lines)]
    for name in ("constraints", "assumptions", "open_questions", "out_of_scope"):
        said = _texts(around.get(name))
        if said:
            parts.append(f"{name.replace('_', ' ').capitalize()}:\n" + "\n".join(f"- {line}" for line in said))
    return Requirements("\n\n".join(filter(None, parts)), _unique(each))


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    """The texts of a list; of an object in it, what it asks and why."""
    if isinstance(value, str):
        return [_text(value)] if value.strip() else []
    said = []
    for item in value if isinstance(value, list) else []:
        parts = [item.get("question"), item.get("why")] if isinstance(item, dict) else [item]
        said.append(" – ".join(filter(None, map(_text, parts))))
    return [line for line in said if line]


def _unique(found: Any) -> tuple[Requirement, ...]:
    """The first of each id, in order."""
    by_id: dict[str, Requirement] = {}
    for requirement in found:
        by_id.setdefault(requirement.id, requirement)
    return tuple(by_id.values())
