"""What Claude answers, read and checked. What is wrong is `Malformed`, in a sentence for Claude."""

import re
from dataclasses import dataclass, field
from typing import Any

from sdk import Malformed

COMPONENTS = 12
FILES = 40
FOUND = 24
"""The most requirements that are found in a text without ids."""
LIST = 8
TEXT = 1_200
"""The most characters of a text; an overview has three times that."""

PATH = re.compile(r"^(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\\:\x00-\x1f]+(?:/[^/\\:\x00-\x1f]+)*$")


@dataclass
class Component:
    """A part of the system."""

    name: str
    responsibility: str
    interfaces: list[str] = field(default_factory=list)
    depends_on: list[str] = field(default_factory=list)


def outline(value: Any, find: bool, whole: bool) -> tuple[str, list[Component], list[str]]:
    """The overview, the components, and (with `find`) the requirements that the text has."""
    fields = _fields(value, whole, components=[], requirements=[])
    overview = _text(fields, "overview", most=3 * TEXT)
    components = [Component(_line(c, "name", 80), _text(c, "responsibility")) for c in _list(fields, "components", COMPONENTS)]
    _once("components", [component.name for component in components])
    found = _texts(fields, "requirements", FOUND) if find else []
    if whole and not components:
        raise Malformed("`components` is empty")
    if whole and find and not found:
        raise Malformed("`requirements` is empty")
    return overview, components, found


def parts(value: Any, asked: list[str], known: list[str], whole: bool) -> dict[str, tuple[list[str], list[str]]]:
    """Interfaces and dependencies by component. Where the answer is whole, none that was asked for may be missing."""
    read: dict[str, tuple[list[str], list[str]]] = {}
    for item in _list(_object(value, "the answer"), "components", len(known)):
        name = _known(_line(item, "name", 80), asked, "a component that was asked for")
        if name in read:
            raise Malformed(f"`{name}` stands in `components` twice")
        depends = [_known(other, known, "a component") for other in _texts(item, "depends_on", COMPONENTS)]
        others = [other for other in dict.fromkeys(depends) if other != name]
        read[name] = (_texts(item, "interfaces", LIST), others)
    _all_there(asked, read, whole)
    return read


def files(value: Any, whole: bool) -> dict[str, list[dict[str, Any]]]:
    """Files with their purposes."""
    read: list[dict[str, Any]] = []
    for item in _list(_object(value, "the answer"), "files", FILES):
        path = _line(item, "path", 200)
        if not PATH.match(path):
            raise Malformed(f"`{path}` is no relative path with forward slashes")
        read.append({"path": path, "purpose": _text(item, "purpose")})
    _once("files", [file["path"] for file in read])
    if whole and not read:
        raise Malformed("`files` is empty")
    return {"files": read}


def reasons(value: Any, whole: bool) -> dict[str, list[dict[str, Any]]]:
    """Decisions with what was rejected, and risks with what is done about them."""
    fields = _fields(value, whole, decisions=[], risks=[])
    decisions = []
    for item in _list(fields, "decisions", LIST):
        decision: dict[str, Any] = {name: _text(item, name) for name in ("title", "choice", "because")}
        decisions.append(decision | {"rejected": _texts(item, "rejected", LIST)})
    risks = [{name: _text(item, name) for name in ("risk", "mitigation")} for item in _list(fields, "risks", LIST)]
    return {"decisions": decisions, "risks": risks}


def coverage(value: Any, asked: list[str], known: list[str], whole: bool) -> dict[str, list[str]]:
    """The components that meet each requirement, by its id. Where the answer was cut, the last list may lack some: it is none."""
    read: dict[str, list[str]] = {}
    for id in _object(value, "the answer"):
        _known(id, asked, "a requirement that was asked for")
        components = [_known(name, known, "a component") for name in _texts(value, id, COMPONENTS)]
        read[id] = list(dict.fromkeys(components))
    if read and not whole:
        read.popitem()
    _all_there(asked, read, whole)
    return read


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no object")
    return value


def _fields(value: Any, whole: bool, **lists: list[Any]) -> dict[str, Any]:
    """An answer's fields. One that was cut may lack lists."""
    return _object(value, "the answer") if whole else lists | _object(value, "the answer")


def _list(fields: dict[str, Any], name: str, most: int) -> list[Any]:
    value = fields.get(name)
    if not isinstance(value, list):
        raise Malformed(f"`{name}` is missing or no list")
    if len(value) > most:
        raise Malformed(f"`{name}` has {len(value)} entries; at most {most} are wanted")
    return value


def _text(item: Any, name: str, most: int = TEXT) -> str:
    value = _object(item, f"what has `{name}`").get(name)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"`{name}` is missing or blank")
    if len(value) > most:
        raise Malformed(f"a `{name}` has {len(value)} characters; at most {most} are wanted")
    return value.strip()


def _line(item: Any, name: str, most: int) -> str:
    value = _text(item, name, most)
    if len(value.splitlines()) > 1:
        raise Malformed(f"a `{name}` has several lines")
    return value


def _texts(item: Any, name: str, most: int) -> list[str]:
    values = _list(_object(item, f"what has `{name}`"), name, most)
    return [_text({name: value}, name) for value in values]


def _once(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise Malformed(f"`{name}` stands in `{what}` twice")
        seen.add(name.lower())


def _known(name: str, known: list[str], what: str) -> str:
    if name not in known:
        raise Malformed(f"`{name}` is not {what}; there are {', '.join(f'`{other}`' for other in known)}")
    return name


def _all_there(asked: list[str], read: dict[str, Any], whole: bool) -> None:
    lacking = [name for name in asked if name not in read]
    if whole and lacking:
        raise Malformed(f"{', '.join(f'`{name}`' for name in lacking)} is missing")
