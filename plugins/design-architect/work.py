"""Asking within bounds: what a call may have, what calls cost, and what became of an answer that was cut."""

from dataclasses import dataclass, field
from typing import Any, Callable

import cut
import material
import prompts
import sdk

INPUT_TOKENS = 32_000
OUTPUT_TOKENS = 4_000
"""The most tokens of a call, where the host allows more: a hold is taken for all of them."""
LEAST_ROOM = 1_000
"""Bytes of material below which a call makes no sense."""


Lists = dict[str, list[dict[str, Any]]]
Reader = Callable[[Any, bool], Lists]
"""Makes lists of an answer, and of whether it is whole."""
Question = tuple[Callable[[], str], sdk.Json, Callable[[Any], set[str]]]
Asker = Callable[[list[str], bool], Question]
"""Of the names, and of whether the answer is whole: the prompt, the schema of the answer, and what takes it in."""


def is_final(failure: sdk.Failure) -> bool:
    """Whether another attempt of the job would end the same way: then what there is already is delivered."""
    return failure.kind in ("over-budget", "final", "invalid-input")


@dataclass
class Work:
    """A job under way."""

    host: sdk.Host
    system: str
    input_tokens: int
    output_tokens: int
    calls: int = 0
    nanodollars: int = 0
    missing: list[str] = field(default_factory=list)

    @staticmethod
    def begin(host: sdk.Host) -> "Work":
        """Looks at what the job may have."""
        left = host.allowance()
        rules = (host.setting("house_rules") or "").strip()
        most = min(left["max_input_tokens"], INPUT_TOKENS), min(left["max_output_tokens"], OUTPUT_TOKENS)
        return Work(host, prompts.system(rules), *most)

    def room(self) -> int:
        """Bytes for the material of a call. The rest is for the instructions, the question and the schema."""
        return max(LEAST_ROOM, self.input_tokens * material.BYTES_PER_TOKEN - material.size(self.system) - 3_000)

    def miss(self, *sentences: str) -> None:
        """Notes what the result will not have."""
        for sentence in sentences:
            self.host.log("warn", sentence)
            self.missing.append(sentence)

    def ask(self, prompt: Callable[[], str], schema: sdk.Json, read: Callable[[Any], Any]) -> Any:
        """Asks once. A request that the host finds too large is made anew with half of the room."""
        while True:
            try:
                return sdk.complete_json(
                    self, self.system, prompt(), schema, read, max_output_tokens=self.output_tokens
                )
            except sdk.CallError as error:
                if error.call != "too-large" or self.room() <= LEAST_ROOM:
                    raise
                self.host.log("warn", f"{error}; asking with half of the material")
                self.input_tokens //= 2

    def lists(self, what: str, prompt: Callable[[], str], schema: sdk.Json, read: Reader) -> Lists:
        """Asks for lists; where the answer is cut, keeps what is complete of it and asks for the rest once."""
        try:
            return self.ask(prompt, schema, lambda value: read(value, True))
        except sdk.Cut as answer:
            have = _salvage(answer, lambda value: read(value, False)) or {}
        self.host.log("info", f"the answer with {what} was cut; asking for the rest")
        given = [str(next(iter(item.values()))) for items in have.values() for item in items]
        try:
            more = self.ask(lambda: prompts.rest(prompt(), given), schema, lambda value: read(value, False))
        except sdk.Cut as answer:
            more = _salvage(answer, lambda value: read(value, False)) or {}
            self.miss(f"There may be more {what}: the answer was cut twice.")
        except sdk.Failure as failure:
            if not is_final(failure):
                raise
            more = {}
            self.miss(f"There may be more {what}: the answer was cut, and asking for the rest failed: {failure}.")
        return {name: _joined(have.get(name, []), more.get(name, [])) for name in have | more}

    def each(self, what: str, names: list[str], most: int, ask: Asker) -> None:
        """Asks for something of each name, at most so many in a call; fewer, and again, where an answer is cut.

        `ask(names)` takes in what is told and gives the names of which something was told.
        """
        while names:
            asked = names[:most]
            try:
                told = self.ask(*ask(asked, True))
            except sdk.Cut as answer:
                told = _salvage(answer, ask(asked, False)[2]) or set()
                self.host.log("info", f"the answer with {what} was cut behind {len(told)} of {len(asked)}")
            if told:
                names = [name for name in names if name not in told]
            elif len(asked) > 1:
                most = len(asked) // 2
            else:
                self.miss(f"There are no {what} of {asked[0]}: the answer was cut.")
                names = names[1:]

    # What `sdk.complete_json` needs of a host.

    def complete(self, request: sdk.Json) -> sdk.Json:
        """Asks, and counts what it cost."""
        reply = self.host.complete(request)
        self.calls += 1
        self.nanodollars += reply["cost_nanodollars"]
        return reply

    def log(self, level: str, line: str) -> None:
        """Writes to the job's log."""
        self.host.log(level, line)


def _salvage(answer: sdk.Cut, read: Callable[[Any], Any]) -> Any:
    """What is complete of an answer that was cut; `None` where nothing is."""
    try:
        return read(cut.salvage(answer.text))
    except sdk.Malformed:
        return None


def _joined(first: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two lists as one; of what has the same name the first."""
    name = lambda item: str(next(iter(item.values()))).lower()  # noqa: E731
    seen = {name(item) for item in first}
    return first + [item for item in more if name(item) not in seen]
