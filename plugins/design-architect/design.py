"""A design as it grows, and its result."""

from dataclasses import asdict, dataclass, field
from typing import Any

from answers import Component
from requirements_text import Requirement


@dataclass
class Design:
    """What is known of the design so far."""

    overview: str = ""
    components: list[Component] = field(default_factory=list)
    files: list[dict[str, str]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    risks: list[dict[str, str]] = field(default_factory=list)
    requirements: tuple[Requirement, ...] = ()
    came_with_ids: bool = True
    """Whether the requirements' ids are the reader's own."""
    coverage: dict[str, list[str]] = field(default_factory=dict)
    detailed: set[str] = field(default_factory=set)
    """Names of the components whose interfaces and dependencies are known."""

    def names(self) -> list[str]:
        """The components' names."""
        return [component.name for component in self.components]

    def result(self) -> dict[str, Any]:
        """The part of the job's result that is the design."""
        shown = {r.id: r.id if self.came_with_ids else r.statement for r in self.requirements}
        return {
            "overview": self.overview,
            "components": [asdict(component) for component in self.components],
            "files": self.files,
            "decisions": self.decisions,
            "risks": self.risks,
            "coverage": [
                {"requirement": shown[r.id], "components": self.coverage[r.id]} for r in self.requirements if r.id in self.coverage
            ],
        }

    def circles(self) -> list[list[str]]:
        """Components that depend on each other in a circle, each circle once, from its first component on."""
        uses = {component.name: component.depends_on for component in self.components}
        order = self.names()
        found: list[list[str]] = []

        def walk(start: str, path: list[str]) -> None:
            for name in uses.get(path[-1], []):
                if name == start:
                    found.append([*path, start])
                elif name not in path and order.index(name) > order.index(start) and len(found) < 4:
                    walk(start, [*path, name])

        for name in order:
            walk(name, [name])
        return found[:4]
