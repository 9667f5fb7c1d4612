"""Helpers around the host. Nothing here is particular to one agent, and nothing needs a host: tests run it natively.

Requests and replies are dictionaries as the Messages API has them; a host is an object with the functions of `Host`.
What is printed is in the job's log.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Protocol

Json = dict[str, Any]


class Failure(Exception):
    """Why the job has no result. `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and
    `internal` are. Any other exception is `internal`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CallError(Failure):
    """A call to Claude without a reply. `call` is the call's own kind of error."""

    FAILURES = {
        "over-budget": "over-budget",
        "calls-exhausted": "over-budget",
        "too-large": "invalid-input",
        "invalid-request": "final",
        "unbounded-content": "final",
    }

    def __init__(self, call: str, message: str) -> None:
        super().__init__(self.FAILURES.get(call, "internal"), message)
        self.call = call


class Cut(Failure):
    """An answer that ended before Claude was done. `text` is what there is of it."""

    def __init__(self, text: str, stop_reason: str) -> None:
        super().__init__("bad-reply", f"the answer was cut ({stop_reason}); more tokens a call may help")
        self.text = text


class Malformed(Exception):
    """What is wrong with an answer, as a sentence that Claude can mend it by."""


class Host(Protocol):
    """The host's functions. Add what else your agent uses, here and in `app.py`."""

    def complete(self, request: Json) -> Json:
        """Asks Claude; raises `CallError` where there is no reply."""

    def allowance(self) -> Json:
        """What the job may still spend: `job_nanodollars`, `calls`, `max_input_tokens`, `max_output_tokens` …"""

    def progress(self, fraction: float, line: str) -> None:
        """Tells how far the job is."""

    def log(self, level: str, line: str) -> None:
        """Writes to the job's log: `debug`, `info`, `warn` or `error`."""

    def setting(self, key: str) -> str | None:
        """What the host's owner set for this agent."""

    def inputs(self) -> list[Json]:
        """The files that the job was submitted with: `name`, `media_type`, `size`."""

    def input(self, name: str) -> bytes:
        """Reads one of them; raises `Failure` where there is none."""

    def artifact(self, name: str, media_type: str, data: bytes) -> None:
        """Hands over a file; raises `Failure` where it is refused."""


def request(system: str, text: str, **more: Any) -> Json:
    """A request of one turn. `more`: `max_output_tokens`, `effort`, `tools`, `options` …"""
    return {"system": system, "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}], **more}


def complete(host: Host, system: str, text: str, **more: Any) -> str:
    """Asks for a text and gives a text."""
    return text_of(_whole(host.complete(request(system, text, **more))))


REPAIR = (
    "Your answer cannot be used: {wrong}\n\nGive the whole answer once more, with that mended: JSON of the schema that was "
    "asked for, and nothing else."
)


def complete_json(
    host: Host, system: str, text: str, schema: Json, read: Callable[[Any], Any] = lambda value: value, **more: Any
) -> Any:
    """Asks for JSON of a schema, and gives what `read` makes of it.

    A schema cannot say all that has to hold: `read` looks at the value and raises `Malformed` with what is wrong. Then,
    and where the answer is no JSON, Claude is told and asked once more; a second such answer is a `bad-reply`.
    """
    options = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    asked = request(system, text, options=options, **more)
    reply = _whole(host.complete(asked))
    try:
        return _read(reply, read)
    except Malformed as wrong:
        host.log("warn", f"repair: {wrong}")
        turns = [
            {"role": "assistant", "content": reply["content"]},
            {"role": "user", "content": [{"type": "text", "text": REPAIR.format(wrong=wrong)}]},
        ]
        reply = _whole(host.complete({**asked, "messages": asked["messages"] + turns}))
    try:
        return _read(reply, read)
    except Malformed as wrong:
        raise Failure("bad-reply", f"the answer was malformed, and again when it was sent back: {wrong}") from None


DEEPEST = 100
"""How many lists and objects may stand within each other in JSON that is read. Readers call themselves for each, and a
plugin's stack is small: one that fills it is stopped, and nobody is told what was wrong with the answer."""
# What opens and closes; a text is passed over as a whole, one without its end too.
MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def too_deep(text: str) -> bool:
    """Whether more than `DEEPEST` lists and objects stand within each other in a JSON text, be it whole or cut."""
    deep = 0
    for mark in MARKS.finditer(text):
        deep += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        if deep > DEEPEST:
            return True
    return False


def _read(reply: Json, read: Callable[[Any], Any]) -> Any:
    text = text_of(reply)
    if too_deep(text):
        raise Malformed(f"it has more than {DEEPEST} lists and objects within each other")
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Malformed(f"it is not the JSON asked for ({error})") from None
    return read(value)


def text_inputs(host: Host, most_bytes: int = 2 * 1024 * 1024) -> tuple[dict[str, str], list[str]]:
    """The texts that the job was submitted with, by name, and a sentence on each file that is left out: those that are no
    text, and those with which there would be more than `most_bytes`."""
    texts: dict[str, str] = {}
    left_out: list[str] = []
    for file in sorted(host.inputs(), key=lambda file: file["name"]):
        name, size = file["name"], file["size"]
        if size > most_bytes:
            left_out.append(f"{name} has {size} bytes, more than can be looked at.")
            continue
        most_bytes -= size
        try:
            text = host.input(name).decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            left_out.append(f"{name} is no text and was not looked at.")
        else:
            texts[name] = text
    return texts, left_out


def text_of(reply: Json) -> str:
    """The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning."""
    return "".join(block["text"] for block in reply["content"] if block["type"] == "text")


def _whole(reply: Json) -> Json:
    """An answer that was cut or refused is none. `max_tokens` is one reason of several, and the API gains others: each but
    those that are known for an end is a cut."""
    reason = reply["stop_reason"]
    if reason == "refusal":
        raise Failure("final", "Claude refused to answer")
    if reason not in ("end_turn", "stop_sequence"):
        raise Cut(text_of(reply), reason)
    return reply


@dataclass
class Tool:
    """What Claude is told of a tool, and the function that does it. What it raises is told to Claude, which may try
    again; a `Failure` ends the job."""

    name: str
    description: str
    input_schema: Json
    run: Callable[[Any], str]


def tool_loop(host: Host, request: Json, tools: list[Tool], max_turns: int) -> Json:
    """Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.

    After `max_turns` questions without such an answer the job fails; so it does when its budget is spent.
    """
    by_name = {tool.name: tool for tool in tools}
    declared = [{"name": t.name, "description": t.description, "input_schema": t.input_schema} for t in tools]
    messages = list(request["messages"])
    for _ in range(max_turns):
        reply = host.complete({**request, "messages": list(messages), "tools": declared})
        results = [_used(block, by_name) for block in reply["content"] if block["type"] == "tool_use"]
        if not results:
            return _whole(reply)
        messages.append({"role": "assistant", "content": reply["content"]})
        messages.append({"role": "user", "content": results})
    raise Failure("final", f"there was no answer after {max_turns} turns")


def _used(block: Json, by_name: dict[str, Tool]) -> Json:
    tool = by_name.get(block["name"])
    try:
        content, is_error = (tool.run(block["input"]), False) if tool else (f"there is no tool {block['name']}", True)
    except Failure:
        raise
    except Exception as error:  # whatever a tool raises, Claude is told of it
        content, is_error = f"{type(error).__name__}: {error}", True
    return {"type": "tool_result", "tool_use_id": block["id"], "content": content, "is_error": is_error}
