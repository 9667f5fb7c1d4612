"""The design as Markdown."""

import re
from typing import Any

from design import Design


def document(design: Design, missing: list[str]) -> str:
    """`design.md`."""
    parts = ["# Design", design.overview]
    if missing:
        parts.append("> **Not complete.**\n" + "\n".join(f"> - {_line(sentence)}" for sentence in missing))
    parts.append("## Components")
    for component in design.components:
        parts += [f"### {_line(component.name)}", component.responsibility]
        if component.interfaces:
            parts.append("Offers:\n\n" + "\n".join(f"- {_code(interface)}" for interface in component.interfaces))
        if component.name in design.detailed:
            parts.append(f"Uses: {', '.join(map(_line, component.depends_on)) or 'nothing'}.")
    for circle in design.circles():
        parts.append(f"> These components depend on each other in a circle: {' → '.join(map(_line, circle))}.")
    if design.files:
        parts += ["## Files", _table(("file", "purpose"), [(_code(f["path"]), f["purpose"]) for f in design.files])]
    if design.decisions:
        parts.append("## Decisions")
    for decision in design.decisions:
        parts += [f"### {_line(decision['title'])}", decision["choice"], f"Because: {decision['because']}"]
        if decision["rejected"]:
            parts.append("Rejected:\n\n" + "\n".join(f"- {_line(other)}" for other in decision["rejected"]))
    if design.risks:
        parts += ["## Risks", _table(("risk", "what is done"), [(r["risk"], r["mitigation"]) for r in design.risks])]
    if design.requirements:
        parts += ["## Requirements", _table(("id", "requirement", "met by"), _covered(design))]
    return "\n\n".join(parts) + "\n"


def _covered(design: Design) -> list[tuple[str, ...]]:
    def met(id: str) -> str:
        if id not in design.coverage:
            return "not looked at"
        return ", ".join(design.coverage[id]) or "**nothing**"

    return [(requirement.id, requirement.statement, met(requirement.id)) for requirement in design.requirements]


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_line(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """A text as code, with a fence longer than what it has of it."""
    runs = [len(run) for run in re.findall("`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{_line(text)}{pad}{fence}"
