"""What a job asks for."""

from dataclasses import dataclass
from typing import Any

import schemas
import sdk


@dataclass(frozen=True)
class Wishes:
    """The payload of `design`."""

    requirements: str
    language: str
    constraints: str


def read(payload: Any) -> Wishes:
    """Reads a payload. The host has checked it against the schema; it is checked here too, since others may run this."""
    if not isinstance(payload, dict):
        raise sdk.Failure("invalid-input", "the payload is no object")
    fields = ("requirements", "language", "constraints")
    for name, value in payload.items():
        if name not in fields:
            raise sdk.Failure("invalid-input", f"there is no field `{name}`; there are {', '.join(fields)}")
        if not isinstance(value, str):
            raise sdk.Failure("invalid-input", f"`{name}` is no text")
    wishes = Wishes(*(payload.get(name, "").strip() for name in fields))
    if len(wishes.language) > schemas.LANGUAGE:
        raise sdk.Failure("invalid-input", f"`language` has more than {schemas.LANGUAGE} characters; what else is wanted belongs to `constraints`")
    if not wishes.requirements:
        raise sdk.Failure("invalid-input", "`requirements` is empty: say what is to be designed")
    return wishes
