"""What is shown to Claude of what the job brought: fenced as data, and as much of it as there is room for."""

import re
from dataclasses import dataclass

BYTES_PER_TOKEN = 2
"""Fewer than a token of any text has: a guess errs on the safe side."""
LEAST = 400
"""A piece of a file below so many bytes says too little."""
# What could be taken for the end of a fence.
ENDS = re.compile(r"<(?=/?(?:requirements|constraints|file|design|given)\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """A text for a prompt, and what of the material is not in it."""

    text: str
    missing: tuple[str, ...] = ()


def fenced(tag: str, text: str, name: str = "") -> str:
    """A text in tags. Tags of ours inside of it are made harmless."""
    attribute = f' name="{plain(name)}"' if name else ""
    return f"<{tag}{attribute}>\n{ENDS.sub('&lt;', text.strip())}\n</{tag}>\n"


def plain(name: str) -> str:
    """A name from outside that can stand in a tag and on a line."""
    return re.sub(r'[\x00-\x1f"<>]', "_", name)


def size(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode("utf-8"))


def head(text: str, room: int) -> str:
    """The whole lines at the beginning of a text that fit; of one long line its beginning."""
    data = text.encode("utf-8")
    if len(data) <= room:
        return text
    kept = data[: max(room, 0)].decode("utf-8", "ignore")
    return kept[: kept.rfind("\n")] if "\n" in kept else kept


def requirements(text: str, room: int) -> Shown:
    """The requirements, cut behind a line where they are too long."""
    kept = head(text, room)
    if kept == text:
        return Shown(fenced("requirements", text))
    return Shown(fenced("requirements", kept), (f"The requirements are too long for a call: {_part(kept, text)} were looked at.",))


def constraints(text: str, room: int) -> Shown:
    """The constraints, cut as the requirements are; no fence where there are none."""
    if not text:
        return Shown("")
    kept = head(text, room)
    missing = () if kept == text else (f"The `constraints` are too long for a call: {_part(kept, text)} were looked at.",)
    return Shown(fenced("constraints", kept), missing)


def _part(kept: str, text: str) -> str:
    """How much of a text is kept: in lines, or in characters where not even the first line is whole."""
    if text[len(kept) :].startswith("\n"):
        return f"{len(kept.splitlines())} of {len(text.splitlines())} lines"
    return f"{len(kept)} of {len(text)} characters"


def files(texts: dict[str, str], room: int) -> Shown:
    """Existing files in the order of their names: whole ones first come, the one that is too long cut behind a line."""
    parts, cut, left_out = [], [], []
    for name, text in texts.items():
        whole = fenced("file", text, name)
        if size(whole) <= room:
            parts.append(whole)
            room -= size(whole)
            continue
        note = "\n(The rest of this file is left out.)"
        kept = head(text, room - size(fenced("file", note, name)) - 16)
        if size(kept) >= LEAST:
            parts.append(fenced("file", kept + note, name))
            cut.append(name)
            room = 0
        else:
            left_out.append(name)
    missing = [f"Only the beginning of {plain(name)} was looked at: it is too long for a call." for name in cut]
    if left_out:
        missing.append(f"There was no room to look at {listed(left_out, most=100)}.")
    return Shown("".join(parts), tuple(missing))


def listed(names: list[str], most: int = 8) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(plain(name) for name in names[:most]) + more
