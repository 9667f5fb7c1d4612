"""What the agent does: it summarizes a text. Begin your own here."""

from typing import Any, TypedDict

import sdk


class Text(TypedDict):
    text: str


class Summary(TypedDict):
    title: str
    summary: str
    key_points: list[str]


SUMMARY_SCHEMA: sdk.Json = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "summary", "key_points"],
    "properties": {
        "title": {"type": "string"},
        "summary": {"type": "string"},
        "key_points": {"type": "array", "items": {"type": "string"}},
    },
}

# What the host is told when the plugin is loaded. It makes its form and its checks from the schemas.
DESCRIPTION: sdk.Json = {
    "name": "my-agent",
    "version": "0.1.0",
    "summary": "Summarizes a text.",
    "effort": "simple",
    "actions": [
        {
            "name": "summarize",
            "summary": "Gives a title, a summary and the key points of a text.",
            "input_schema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text"],
                "properties": {
                    "text": {
                        "type": "string",
                        "title": "Text",
                        "format": "textarea",
                        "minLength": 1,
                        "description": "What is to be summarized.",
                    }
                },
            },
            "output_schema": SUMMARY_SCHEMA,
        }
    ],
}


def run(host: sdk.Host, action: str, payload: Any) -> Any:
    """Does a job."""
    if action == "summarize":
        return summarize(host, payload)
    raise sdk.Failure("invalid-input", f"there is no action {action}")


def summarize(host: sdk.Host, payload: Text) -> Summary:
    print(f"summarizing {len(payload['text'])} characters")
    host.progress(0.1, "Reading")
    return sdk.complete_json(
        host,
        "Summarize the text that you are given, in its own language: a title, a summary of at most three sentences, "
        "and three to five key points. Say nothing that the text does not say.",
        payload["text"],
        SUMMARY_SCHEMA,
        max_output_tokens=1000,
    )
