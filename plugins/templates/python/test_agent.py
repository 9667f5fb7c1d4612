"""The agent against a Claude that is played: `python -m unittest` needs neither a host nor Wasm."""

import json
import unittest

import agent
import sdk


class Played:
    """Gives the answers and files that it was given, and keeps what it was asked and told."""

    def __init__(self, *answers: sdk.Json | Exception, **files: bytes) -> None:
        self.answers = list(answers)
        self.files = files
        self.asked: list[sdk.Json] = []
        self.logged: list[str] = []

    def complete(self, request: sdk.Json) -> sdk.Json:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def allowance(self) -> sdk.Json:
        return {"job_nanodollars": 10**9, "calls": 50, "max_input_tokens": 8000, "max_output_tokens": 2000}

    def progress(self, fraction: float, line: str) -> None:
        pass

    def log(self, level: str, line: str) -> None:
        self.logged.append(f"{level}: {line}")

    def setting(self, key: str) -> str | None:
        return None

    def inputs(self) -> list[sdk.Json]:
        return [{"name": name, "size": len(data)} for name, data in self.files.items()]

    def input(self, name: str) -> bytes:
        return self.files[name]

    def artifact(self, name: str, media_type: str, data: bytes) -> None:
        self.files[name] = data


def says(text: str, stop_reason: str = "end_turn") -> sdk.Json:
    return {"content": [{"type": "text", "text": text}], "stop_reason": stop_reason, "model": "played"}


def uses(tool: str) -> sdk.Json:
    use = {"type": "tool_use", "id": "t1", "name": tool, "input": {"n": 2}}
    return {"content": [use], "stop_reason": "tool_use", "model": "played"}


DOUBLE = sdk.Tool("double", "Doubles a number.", {"type": "object"}, lambda given: str(2 * given["n"]))
PAYLOAD = {"text": "A long text."}


class TheAgent(unittest.TestCase):
    def test_a_text_becomes_a_summary(self) -> None:
        summary = {"title": "T", "summary": "S.", "key_points": ["a", "b"]}
        host = Played(says(json.dumps(summary)))
        self.assertEqual(agent.run(host, "summarize", PAYLOAD), summary)
        self.assertIn("output_config", host.asked[0]["options"])

    def test_an_answer_that_is_no_summary_is_sent_back_once(self) -> None:
        summary = {"title": "T", "summary": "S.", "key_points": ["a", "b"]}
        host = Played(says("Sure! Here it is."), says(json.dumps(summary)))
        self.assertEqual(agent.run(host, "summarize", PAYLOAD), summary)
        turns = host.asked[1]["messages"]
        self.assertEqual([turn["role"] for turn in turns], ["user", "assistant", "user"])
        self.assertIn("not the JSON asked for", turns[2]["content"][0]["text"])
        self.assertIn("warn: repair: it is not the JSON asked for", host.logged[0])

    def test_a_second_one_and_one_that_is_cut_are_bad_replies(self) -> None:
        for answers in ([says("Sure!"), says("Sure!")], *([says("{}", cut)] for cut in ("max_tokens", "pause_turn", "new"))):
            with self.assertRaises(sdk.Failure) as failed:
                agent.run(Played(*answers), "summarize", PAYLOAD)
            self.assertEqual(failed.exception.kind, "bad-reply")

    def test_a_budget_that_is_spent_is_told_as_such(self) -> None:
        with self.assertRaises(sdk.Failure) as failed:
            agent.run(Played(sdk.CallError("calls-exhausted", "spent")), "summarize", PAYLOAD)
        self.assertEqual(failed.exception.kind, "over-budget")


class TheFiles(unittest.TestCase):
    def test_texts_are_told_from_what_is_none(self) -> None:
        host = Played(b="später".encode(), a=b"\xff\xfe", c=b"a\0b", d=b"0123456789", e=b"e")
        texts, left_out = sdk.text_inputs(host, 14)
        self.assertEqual(texts, {"b": "später", "e": "e"})
        no_text = "is no text and was not looked at."
        self.assertEqual(left_out, [f"a {no_text}", f"c {no_text}", "d has 10 bytes, more than can be looked at."])


class TheToolLoop(unittest.TestCase):
    def test_tools_are_run_until_claude_answers(self) -> None:
        host = Played(uses("double"), uses("unknown"), says("4"))
        answer = sdk.tool_loop(host, sdk.request("Use the tool.", "2?"), [DOUBLE], 5)
        self.assertEqual(sdk.text_of(answer), "4")
        results = [host.asked[-1]["messages"][i]["content"][0] for i in (2, 4)]
        self.assertEqual([(r["content"], r["is_error"]) for r in results], [("4", False), ("there is no tool unknown", True)])

    def test_it_ends_at_its_bound(self) -> None:
        host = Played(*[uses("double")] * 3)
        with self.assertRaises(sdk.Failure) as failed:
            sdk.tool_loop(host, sdk.request("Use the tool.", "2?"), [DOUBLE], 2)
        self.assertEqual((failed.exception.kind, len(host.asked)), ("final", 2))


if __name__ == "__main__":
    unittest.main()
