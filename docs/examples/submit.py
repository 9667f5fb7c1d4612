#!/usr/bin/env python3
"""Submits a job over REST, follows its events until it ends, and prints its result: the standard library alone.

    ANVIL_URL=http://127.0.0.1:8787 ANVIL_TOKEN=$(cat anvil-data/token) docs/examples/submit.py "Build a login form"
"""

import json
import os
import sys
import uuid
from urllib.error import HTTPError
from urllib.request import Request, urlopen

API = os.environ.get("ANVIL_URL", "http://127.0.0.1:8787") + "/api/v1"
FINAL = {"succeeded", "failed", "cancelled"}


def ask(method, path, body=None, timeout=60):
    headers = {"Authorization": "Bearer " + os.environ["ANVIL_TOKEN"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    return urlopen(Request(API + path, data=data, headers=headers, method=method), timeout=timeout)


def submit(requirements):
    job = {
        "agent": "code-generator",
        "action": "generate",
        "payload": {"requirements": requirements},
        # Sent again after a broken connection, it is the same job.
        "idempotency_key": str(uuid.uuid4()),
    }
    with ask("POST", "/jobs", job) as answer:
        return json.load(answer)["id"]


def follow(job_id):
    """Yields the states that a job comes to, from its event stream, which begins with its first."""
    with ask("GET", f"/jobs/{job_id}/events", timeout=600) as stream:
        for line in stream:
            if line.startswith(b"data:"):
                event = json.loads(line.removeprefix(b"data:"))
                if event.get("type") == "job":
                    yield event["state"]


def state(job_id):
    with ask("GET", f"/jobs/{job_id}") as answer:
        return json.load(answer)


def main():
    try:
        job_id = submit(sys.argv[1])
    except HTTPError as refused:
        # Every refusal says in `detail` what to do (RFC 9457).
        sys.exit(json.load(refused)["detail"])
    for now in follow(job_id):
        print(now, file=sys.stderr)
        if now in FINAL:
            break
    job = state(job_id)
    print(json.dumps({"id": job_id, "state": job["state"], "cost_usd": job["cost_usd"], "error": job["error"]}))
    sys.exit(0 if job["state"] == "succeeded" else 1)


if __name__ == "__main__":
    main()
