"""A host that is played, a small judge of JSON Schema, and answers as Claude would give them."""

import json
from typing import Any

import sdk

COST = 2_000_000
"""What a reply costs, in nano-dollars."""


class Played:
    """Gives the answers that it was given, and keeps what it was asked and told."""

    def __init__(self, *answers: Any, files: dict[str, bytes] | None = None, **left: int) -> None:
        self.answers = list(answers)
        self.files = files or {}
        self.left = {"job_nanodollars": 10**9, "calls": 50, "max_input_tokens": 8000, "max_output_tokens": 2000} | left
        self.settings: dict[str, str] = {}
        self.refuses: set[str] = set()
        self.asked: list[sdk.Json] = []
        self.logged: list[str] = []
        self.artifacts: dict[str, str] = {}

    def complete(self, request: sdk.Json) -> sdk.Json:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if "content" in answer else says(answer)

    def allowance(self) -> sdk.Json:
        return self.left

    def progress(self, fraction: float, line: str) -> None:
        pass

    def log(self, level: str, line: str) -> None:
        self.logged.append(f"{level}: {line}")

    def setting(self, key: str) -> str | None:
        return self.settings.get(key)

    def inputs(self) -> list[sdk.Json]:
        return [{"name": name, "media_type": "text/plain", "size": len(data)} for name, data in self.files.items()]

    def input(self, name: str) -> bytes:
        return self.files[name]

    def artifact(self, name: str, media_type: str, data: bytes) -> None:
        if name in self.refuses:
            raise sdk.Failure("final", f"{name} cannot be handed over: there are too many files")
        self.artifacts[name] = data.decode("utf-8")

    def prompt(self, number: int) -> str:
        """The text of a question's last turn."""
        return self.asked[number]["messages"][-1]["content"][0]["text"]


def says(answer: Any, stop_reason: str = "end_turn") -> sdk.Json:
    """A reply with a text, or with JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    content = [{"type": "text", "text": text}]
    return {"content": content, "stop_reason": stop_reason, "model": "played", "cost_nanodollars": COST}


CUTS = ("max_tokens", "model_context_window_exceeded", "pause_turn", "tool_use", "a_new_reason", "unknown")
"""Reasons that are no end of Claude's own, one of them of the future."""


def cut(answer: Any, at: str, reason: str = "max_tokens") -> sdk.Json:
    """A reply that was cut before a text in it."""
    text = json.dumps(answer)
    return says(text[: text.index(at)], reason)


def fails(call: str) -> sdk.CallError:
    return sdk.CallError(call, f"it is {call}")


REQUIREMENTS = {
    "summary": "Short links for a team.",
    "requirements": [
        {"id": "R1", "kind": "functional", "statement": "A link gets a short name.", "priority": "must", "acceptance": ["A name of 6 letters is given."]},
        {"id": "R2", "kind": "quality", "statement": "A redirect takes less than 50 ms.", "priority": "should", "acceptance": []},
    ],
    "assumptions": ["There is one team."],
    "open_questions": [{"question": "Do links expire?", "why": "It decides what is stored."}],
    "out_of_scope": ["Statistics."],
}
PAYLOAD = {"requirements": json.dumps(REQUIREMENTS), "language": "Go", "constraints": "One process."}

OUTLINE = {
    "overview": "A request comes to Web, which asks Links.",
    "components": [
        {"name": "Web", "responsibility": "Answers requests."},
        {"name": "Links", "responsibility": "Keeps which name stands for which address."},
    ],
}
FOUND = OUTLINE | {"requirements": ["A link gets a short name.", "A redirect is fast."]}
PARTS = {
    "components": [
        {"name": "Web", "interfaces": ["serve(address) -> never, or why not"], "depends_on": ["Links", "Web", "Links"]},
        {"name": "Links", "interfaces": ["find(name) -> address, or none"], "depends_on": []},
    ]
}
FILES = {"files": [{"path": "main.go", "purpose": "Starts Web."}, {"path": "links/links.go", "purpose": "Links."}]}
REASONS = {
    "decisions": [{"title": "Store", "choice": "SQLite.", "because": "R1 | one process.", "rejected": ["Redis: a second process."]}],
    "risks": [{"risk": "Names collide.", "mitigation": "A unique index."}],
}
COVERAGE: sdk.Json = {"R1": ["Links"], "R2": []}
GOOD = [OUTLINE, PARTS, FILES, REASONS, COVERAGE]


def judge(value: Any, schema: sdk.Json, where: str = "result") -> list[str]:
    """What is wrong with a value by a schema, as far as this agent's own go."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    kind = schema["type"]
    if not isinstance(value, kinds[kind]) or (kind in ("integer", "number") and isinstance(value, bool)):
        return [f"{where} is no {kind}"]
    wrong = []
    if kind == "object":
        wrong += [f"{where} lacks {name}" for name in schema["required"] if name not in value]
        wrong += [f"{where} has {name}" for name in value if name not in schema["properties"]]
        for name, part in schema["properties"].items():
            wrong += judge(value[name], part, f"{where}.{name}") if name in value else []
    elif kind == "array":
        for number, item in enumerate(value):
            wrong += judge(item, schema["items"], f"{where}[{number}]")
    elif "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{where} is none of its values")
    elif "minimum" in schema and value < schema["minimum"]:
        wrong.append(f"{where} is below its minimum")
    elif "minLength" in schema and len(value) < schema["minLength"]:
        wrong.append(f"{where} is too short")
    return wrong
