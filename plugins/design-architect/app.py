"""The plugin: gives `agent.py` to the host, and the host to `agent.py`. Only this file needs `wit_world`, which
componentize-py makes from `wit/`."""

import json
import traceback

import snapshot  # first: it says what is not to be loaded

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import agent_api
from wit_world.imports import claude, job, settings

import agent
import sdk


class AgentApi(exports.AgentApi):
    def describe(self) -> agent_api.Description:
        said = agent.DESCRIPTION
        return agent_api.Description(
            name=said["name"],
            version=said["version"],
            summary=said["summary"],
            actions=[
                agent_api.Action(a["name"], a["summary"], json.dumps(a["input_schema"]), json.dumps(a["output_schema"]))
                for a in said["actions"]
            ],
            model_floor=said.get("model_floor"),
            effort=claude.Effort[said.get("effort", "standard").upper()],
            extras=_extras(said.get("extras", {})),
        )

    def run(self, job: agent_api.Job) -> agent_api.Outcome:
        try:
            result = agent.run(Sandbox(), job.action, json.loads(job.payload))
            return agent_api.Outcome(json.dumps(result), [])
        except sdk.Failure as failed:
            raise Err(agent_api.Failure(failed.kind, str(failed), []))
        except Exception as error:
            traceback.print_exc()  # to the job's log
            raise Err(agent_api.Failure("internal", f"{type(error).__name__}: {error}", []))


class Sandbox:
    """The real host, seen from inside the sandbox."""

    def complete(self, request: sdk.Json) -> sdk.Json:
        effort = request.get("effort")
        try:
            reply = claude.complete(
                claude.Request(
                    system=request.get("system"),
                    messages=[
                        claude.Message(claude.Role[m["role"].upper()], [_block(b) for b in m["content"]])
                        for m in request["messages"]
                    ],
                    tools=[
                        claude.Tool(t["name"], t["description"], json.dumps(t["input_schema"]))
                        for t in request.get("tools", [])
                    ],
                    effort=claude.Effort[effort.upper()] if effort else None,
                    max_output_tokens=request.get("max_output_tokens"),
                    stop_sequences=request.get("stop_sequences", []),
                    cacheable=request.get("cacheable", True),
                    options=_extras(request.get("options", {})),
                )
            )
        except Err as error:
            raise sdk.CallError(error.value.kind, error.value.message) from None
        return {
            "content": [_told(b) for b in reply.content],
            "stop_reason": reply.stop_reason,
            "model": reply.model,
            "cost_nanodollars": reply.cost_nanodollars,
        }

    def allowance(self) -> sdk.Json:
        left = claude.allowance()
        return {
            "job_nanodollars": left.job_nanodollars,
            "window_nanodollars": left.window_nanodollars,
            "calls": left.calls,
            "max_input_tokens": left.max_input_tokens,
            "max_output_tokens": left.max_output_tokens,
            "pressure": left.pressure,
        }

    def progress(self, fraction: float, line: str) -> None:
        job.progress(fraction, line)

    def log(self, level: str, line: str) -> None:
        job.log(job.Level[level.upper()], line)

    def setting(self, key: str) -> str | None:
        return settings.get(key)

    def inputs(self) -> list[sdk.Json]:
        return [{"name": file.name, "media_type": file.media_type, "size": file.size} for file in job.inputs()]

    def input(self, name: str) -> bytes:
        try:
            return job.input(name)
        except Err as error:
            raise sdk.Failure("internal", f"{name} cannot be read: {error.value}") from None

    def artifact(self, name: str, media_type: str, data: bytes) -> None:
        try:
            job.artifact(name, media_type, data)
        except Err as error:
            raise sdk.Failure("final", f"{name} cannot be handed over: {error.value}") from None


def _extras(named: sdk.Json) -> list[claude.Extra]:
    return [claude.Extra(name, json.dumps(value)) for name, value in named.items()]


def _block(block: sdk.Json) -> claude.ContentBlock:
    """A block of the contract."""
    match block["type"]:
        case "text":
            return claude.ContentBlock_Text(block["text"])
        case "tool_use":
            return claude.ContentBlock_ToolUse(claude.ToolUse(block["id"], block["name"], json.dumps(block["input"])))
        case "tool_result":
            result = claude.ToolResult(block["tool_use_id"], block["content"], block["is_error"])
            return claude.ContentBlock_ToolResult(result)
        case "thinking":
            return claude.ContentBlock_Thinking(claude.Thinking(block["thinking"], block["signature"]))
        case _:
            return claude.ContentBlock_Other(json.dumps(block))


def _told(block: claude.ContentBlock) -> sdk.Json:
    """A block as the Messages API has it."""
    match block:
        case claude.ContentBlock_Text(text):
            return {"type": "text", "text": text}
        case claude.ContentBlock_ToolUse(use):
            return {"type": "tool_use", "id": use.id, "name": use.name, "input": json.loads(use.input)}
        case claude.ContentBlock_Thinking(thinking):
            return {"type": "thinking", "thinking": thinking.text, "signature": thinking.signature}
        case claude.ContentBlock_Other(other):
            return json.loads(other)
        case _:
            raise sdk.Failure("bad-reply", f"Claude answered with a {type(block).__name__}")


snapshot.shrink()
