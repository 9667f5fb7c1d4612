"""Helpers around the host. Nothing here is particular to one agent, and nothing needs a host: tests run it natively.

Requests and replies are dictionaries as the Messages API has them; a host is an object with `complete(request)`, which
gives a reply or raises `CallError`, and `progress(fraction, line)`. What is printed is in the job's log.
"""

import json
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


class Host(Protocol):
    """The host's functions. Add what your agent uses, here and in `app.py`."""

    def complete(self, request: Json) -> Json: ...

    def progress(self, fraction: float, line: str) -> None: ...


def request(system: str, text: str, **more: Any) -> Json:
    """A request of one turn. `more`: `max_output_tokens`, `effort`, `tools`, `options` …"""
    return {"system": system, "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}], **more}


def complete(host: Host, system: str, text: str, **more: Any) -> str:
    """Asks for a text and gives a text."""
    return text_of(_whole(host.complete(request(system, text, **more))))


def complete_json(host: Host, system: str, text: str, schema: Json, **more: Any) -> Any:
    """Asks for JSON of a schema."""
    options = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    answer = complete(host, system, text, options=options, **more)
    try:
        return json.loads(answer)
    except json.JSONDecodeError as error:
        raise Failure("bad-reply", f"the answer is not the JSON asked for: {error}") from error


def text_of(reply: Json) -> str:
    """The texts of a reply. It may hold other blocks beside them, such as Claude's reasoning."""
    return "".join(block["text"] for block in reply["content"] if block["type"] == "text")


def _whole(reply: Json) -> Json:
    """An answer that was cut or refused is none."""
    if reply["stop_reason"] == "max_tokens":
        raise Failure("bad-reply", "the answer was cut at its most tokens")
    if reply["stop_reason"] == "refusal":
        raise Failure("final", "Claude refused to answer")
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
