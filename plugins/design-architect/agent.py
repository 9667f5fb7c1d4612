"""The flow: lay out the components, then say what each offers, the files, the reasons, and what meets which requirement.

The agent keeps nothing but what its calls answered, and decides by nothing else: run again from its journal, it asks the
same and gets to the same place.
"""

import json
from typing import Any

import answers
import material
import payload
import prompts
import requirements_text
import schemas
import sdk
from design import Design
from document import document
from work import Lists, Question, Work, is_final

# What the host is told when the plugin is loaded.
DESCRIPTION: sdk.Json = {
    "name": "design-architect",
    "version": "0.1.0",
    "summary": "Designs a system that meets given requirements: components, files, decisions, risks.",
    "effort": "standard",
    "actions": [
        {
            "name": "design",
            "summary": "Turns requirements, and code that is there already, into a design.",
            "input_schema": schemas.PAYLOAD,
            "output_schema": schemas.RESULT,
        }
    ],
}

PART_TOKENS = 330
COVERED_TOKENS = 50
"""What the answer for one component, and for one requirement, takes at most as a rule."""


def run(host: sdk.Host, action: str, given: Any) -> Any:
    """Does a job."""
    if action != "design":
        raise sdk.Failure("invalid-input", f"there is no action `{action}`; there is `design`")
    wishes = payload.read(given)
    work = Work.begin(host)
    texts, left_out = sdk.text_inputs(host)
    work.miss(*left_out)
    return Architect(work, wishes, texts).run()


class Architect:
    """A design under way."""

    def __init__(self, work: Work, wishes: payload.Wishes, texts: dict[str, str]) -> None:
        self.work = work
        self.texts = texts
        self.read = requirements_text.read(wishes.requirements)
        self.beside = wishes
        self.design = Design(requirements=self.read.each, came_with_ids=bool(self.read.each))

    def run(self) -> sdk.Json:
        """Designs, and hands over."""
        self.work.host.progress(0.05, "Laying out the components")
        self.outline()
        steps = [
            (0.3, "Saying what each component offers", self.parts, self.lacking_parts),
            (0.5, "Listing the files", self.files, lambda: "" if self.design.files else "The files are not listed."),
            (0.7, "Giving reasons", self.reasons, lambda: "" if self.design.decisions else "Decisions and risks are not given."),
            (0.85, "Checking against the requirements", self.coverage, self.lacking_coverage),
        ]
        ended = False
        for fraction, line, step, lacking in steps:
            try:
                if not ended:
                    self.work.host.progress(fraction, line)
                    step()
            except sdk.Failure as failure:
                if not is_final(failure):
                    raise
                ended = failure.kind == "over-budget"
                why = "The job may spend no more" if ended else f"{line} failed"
                self.work.miss(f"{why}: {failure}.")
            if sentence := lacking():
                self.work.miss(sentence)
        return self.deliver()

    def outline(self) -> None:
        """Overview and components: without them there is no design."""
        find = not self.read.each
        first = lambda: prompts.outline(*(shown.text for shown in self.shown()), find)  # noqa: E731
        schema = schemas.outline(find)

        def read(value: Any, whole: bool) -> Lists:
            overview, components, found = answers.outline(value, find, whole)
            self.design.overview = self.design.overview or overview
            return {"components": [{"component": c.name, "as": c} for c in components], "found": [{"found": f} for f in found]}

        told = self.work.lists("components", first, schema, read)
        self.work.miss(*(sentence for shown in self.shown() for sentence in shown.missing))
        self.design.components = [item["as"] for item in told.get("components", [])][: answers.COMPONENTS]
        if not self.design.components:
            raise sdk.Failure("final", "no component fitted into an answer; more output tokens a call may help")
        if find:
            self.design.requirements = requirements_text.numbered([item["found"] for item in told.get("found", [])])
        elif len(self.design.requirements) > requirements_text.MOST:
            more = len(self.design.requirements) - requirements_text.MOST
            self.design.requirements = self.design.requirements[: requirements_text.MOST]
            self.work.miss(f"The last {more} requirements were not checked one by one: more than {requirements_text.MOST} are too many.")
        self.work.log("info", f"{len(self.design.components)} components: {', '.join(self.design.names())}")

    def shown(self) -> tuple[material.Shown, material.Shown, material.Shown]:
        """The requirements, files and wishes that there is room for."""
        wishes = self.wishes()
        room = self.work.room() - material.size(wishes.text)
        requirements = material.requirements(self.read.text, room * 2 // 3 if self.texts else room)
        return requirements, material.files(self.texts, room - material.size(requirements.text)), wishes

    def wishes(self) -> material.Shown:
        """What was asked for beside the requirements, in a quarter of the room at most."""
        constraints = material.constraints(self.beside.constraints, self.work.room() // 4)
        return material.Shown(prompts.wishes(self.beside.language, constraints.text), constraints.missing)

    def said(self) -> str:
        return prompts.design(self.design.overview, self.design.components)

    def asked_for(self, room: int) -> str:
        """The requirements in short, for the questions behind the first."""
        return prompts.statements(self.design.requirements, room) if self.design.requirements else ""

    def parts(self) -> None:
        """What each component offers and uses."""
        names = self.design.names()

        def ask(asked: list[str], whole: bool) -> Question:
            def take(value: Any) -> set[str]:
                told = answers.parts(value, asked, names, whole)
                for component in self.design.components:
                    if component.name in told:
                        component.interfaces, component.depends_on = told[component.name]
                        self.design.detailed.add(component.name)
                return set(told)

            return lambda: prompts.parts(self.said(), self.asked_for(self.work.room() // 2), asked), schemas.parts(asked, names), take

        self.work.each("interfaces", names, max(1, self.work.output_tokens // PART_TOKENS), ask)

    def files(self) -> None:
        """The files of the finished system."""

        def prompt() -> str:
            wishes = self.wishes().text
            room = self.work.room() - material.size(self.said()) - material.size(wishes)
            return prompts.files(self.said(), material.files(self.texts, room).text, wishes)

        told = self.work.lists("files", prompt, schemas.shape(files=schemas.FILES), answers.files)
        self.design.files = told.get("files", [])[: answers.FILES]

    def reasons(self) -> None:
        """Decisions and risks."""

        def prompt() -> str:
            # The whole text: what it leaves open, assumes or leaves out is what decisions are about.
            wishes = self.wishes().text
            room = self.work.room() - material.size(self.said()) - material.size(wishes)
            return prompts.reasons(self.said(), material.requirements(self.read.text, room).text, wishes)

        schema = schemas.shape(decisions=schemas.DECISIONS, risks=schemas.RISKS)
        told = self.work.lists("decisions and risks", prompt, schema, answers.reasons)
        self.design.decisions, self.design.risks = told.get("decisions", []), told.get("risks", [])

    def coverage(self) -> None:
        """What meets each requirement."""
        by_id = {requirement.id: requirement for requirement in self.design.requirements}
        names = self.design.names()

        def ask(asked: list[str], whole: bool) -> Question:
            def take(value: Any) -> set[str]:
                told = answers.coverage(value, asked, names, whole)
                self.design.coverage.update(told)
                return set(told)

            some = tuple(by_id[id] for id in asked)
            return lambda: prompts.coverage(self.said(), some, self.work.room()), schemas.coverage(asked, names), take

        self.work.each("answers on coverage", list(by_id), max(1, self.work.output_tokens // COVERED_TOKENS), ask)

    def lacking_parts(self) -> str:
        lacking = [name for name in self.design.names() if name not in self.design.detailed]
        return f"Interfaces and dependencies are not said of {material.listed(lacking)}." if lacking else ""

    def lacking_coverage(self) -> str:
        lacking = [r.id for r in self.design.requirements if r.id not in self.design.coverage]
        if not self.design.requirements:
            return "The requirements were not told apart, so that none was checked."
        return f"It was not checked what meets {material.listed(lacking)}." if lacking else ""

    def deliver(self) -> sdk.Json:
        """Hands over the files, and gives the result."""
        self.work.host.progress(0.95, "Handing over")
        result = self.design.result()
        kept = {**result, "requirements": [vars(r) for r in self.design.requirements], "missing": self.work.missing}
        files = [
            ("design.md", "text/markdown", document(self.design, self.work.missing)),
            ("design.json", "application/json", json.dumps(kept, indent=2, ensure_ascii=False) + "\n"),
        ]
        handed = []
        for name, media_type, text in files:
            try:
                self.work.host.artifact(name, media_type, text.encode("utf-8"))
                handed.append(name)
            except sdk.Failure as failure:
                self.work.miss(f"{failure}.")
        missing = self.work.missing
        end = {"complete": not missing, "missing": missing, "artifacts": handed, "calls": self.work.calls}
        self.work.host.progress(1.0, f"{len(self.design.components)} components, {len(self.design.files)} files")
        return {**result, **end, "cost_usd": self.work.nanodollars / 1e9}
