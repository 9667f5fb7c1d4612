"""JSON Schemas: of the payload and the result, which the host checks, and of Claude's answers.

Those of answers keep to what structured outputs take: no lengths and no counts, every field required. Names that are
known already are an `enum`, so that a reference cannot miss.
"""

from sdk import Json

LANGUAGE = 200
"""The most characters of a `language`."""
TEXT: Json = {"type": "string"}
TEXTS: Json = {"type": "array", "items": TEXT}


def shape(**properties: Json) -> Json:
    """An object with these fields and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def items(**properties: Json) -> Json:
    """A list of such objects."""
    return {"type": "array", "items": shape(**properties)}


def one_of(names: list[str]) -> Json:
    """One of some texts."""
    return {"type": "string", "enum": names}


def some_of(names: list[str]) -> Json:
    """A list of some of them."""
    return {"type": "array", "items": one_of(names)}


FILES = items(path=TEXT, purpose=TEXT)
DECISIONS = items(title=TEXT, choice=TEXT, because=TEXT, rejected=TEXTS)
RISKS = items(risk=TEXT, mitigation=TEXT)


def outline(find: bool) -> Json:
    """The answer to `prompts.outline`."""
    found = {"requirements": TEXTS} if find else {}
    return shape(overview=TEXT, components=items(name=TEXT, responsibility=TEXT), **found)


def parts(asked: list[str], known: list[str]) -> Json:
    """The answer to `prompts.parts`."""
    return shape(components=items(name=one_of(asked), interfaces=TEXTS, depends_on=some_of(known)))


def coverage(asked: list[str], known: list[str]) -> Json:
    """The answer to `prompts.coverage`: a list for each requirement, so that none can be left out."""
    return shape(**{id: some_of(known) for id in asked})


def _said(schema: Json, description: str) -> Json:
    return {**schema, "description": description}


PAYLOAD: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Design a system",
    "type": "object",
    "additionalProperties": False,
    "required": ["requirements"],
    "properties": {
        "requirements": {
            "type": "string",
            "title": "Requirements",
            "description": "What the system must do: your own words, Markdown, or the JSON of requirements-analyzer.",
            "format": "textarea",
            "minLength": 1,
            "examples": ["Build a login form with a reset link that is good for an hour."],
        },
        "language": {
            "type": "string",
            "title": "Language",
            "description": "The language, framework or platform. Left empty, Claude chooses.",
            "maxLength": LANGUAGE,
            "examples": ["Python 3.13", "TypeScript with React"],
        },
        "constraints": {
            "type": "string",
            "title": "Constraints",
            "description": "What must hold whatever the design is.",
            "format": "textarea",
            "examples": ["One process, SQLite, no message queue."],
        },
    },
}

RESULT: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A design",
    **shape(
        overview=_said(TEXT, "How the parts work together."),
        components=_said(items(name=TEXT, responsibility=TEXT, interfaces=TEXTS, depends_on=TEXTS), "The parts."),
        files=_said(FILES, "The files of the finished system."),
        decisions=_said(DECISIONS, "What was decided, why, and what was rejected."),
        risks=_said(RISKS, "What may make it fail, and what is done about it."),
        coverage=_said(
            items(requirement=TEXT, components=TEXTS),
            "Each requirement, by its id where it came with one, and the components that meet it; none: it is not met.",
        ),
        complete=_said({"type": "boolean"}, "Whether nothing is missing."),
        missing=_said(TEXTS, "What is missing, in sentences."),
        artifacts=_said(TEXTS, "The files that were handed over."),
        calls=_said({"type": "integer", "minimum": 1}, "How many calls got a reply."),
        cost_usd=_said({"type": "number", "minimum": 0}, "What they cost, in US dollars."),
    ),
}
