"""What is complete of JSON that was cut."""

import json
from typing import Any

import sdk


def salvage(text: str) -> Any:
    """The value of a text that ends too early, without what is not complete in it; `None` where nothing is.

    A list keeps its complete items and an object its complete fields; an item that is an object without its end is left
    out, as its fields belong together, but for the outermost one.
    """
    if sdk.too_deep(text):
        return None
    ends: list[tuple[int, str]] = []  # where the value could end, and what would close it then
    closers: list[str] = []
    in_string = escaped = False
    for at, char in enumerate(text):
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
            continue
        if char == '"':
            in_string = True
        elif char in "{[":
            closers.append("}" if char == "{" else "]")
            if char == "[":
                ends.append((at + 1, "".join(reversed(closers))))
        elif char in "}]" and closers:
            closers.pop()
            ends.append((at + 1, "".join(reversed(closers))))
        elif char == ",":
            ends.append((at, "".join(reversed(closers))))
    for at, closing in reversed(ends):
        # Only lists and the outermost object may be closed for it.
        if "}" in closing[:-1]:
            continue
        try:
            return json.loads(text[:at] + closing)
        except ValueError:
            continue
    return None
