"""A host on loopback in a project's folder, asked as the API has it."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path


# The longest that a plugin may take to be compiled.
LOAD_S = 200


class Trouble(Exception):
    """The host did not do what it was asked for."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Host:
    """`anvil serve`, until it is stopped. Its log is kept in the folder."""

    def __init__(self, words: list[str], folder: Path, env: dict[str, str], **settings: object):
        self.address = env["ANVIL_SERVER_LISTEN"]
        self._data = folder / str(settings.get("data_dir", "anvil-data"))
        own = {f"ANVIL_{name.upper()}": str(value) for name, value in settings.items()}
        self._log = folder / "host.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(words, cwd=folder, env=env | own, stdout=subprocess.DEVNULL, stderr=log)
        self._until(30, "answers", lambda: self.get("status"))

    def _until(self, seconds: float, what: str, ask):
        end = time.monotonic() + seconds
        while True:
            if self._process.poll() is not None:
                raise Trouble(f"the host ended: {self.log()[-600:]}")
            try:
                if answer := ask():
                    return answer
            except (OSError, urllib.error.URLError):
                pass
            if time.monotonic() > end:
                raise Trouble(f"the host is not so far after {seconds:.0f} s that it {what}: {self.log()[-600:]}")
            time.sleep(0.02)

    def log(self) -> str:
        return self._log.read_text()

    def lines(self, message: str) -> list[dict]:
        """The lines of its log, as JSON, that say a thing."""
        whole = (line for line in self.log().splitlines() if line.startswith("{") and line.endswith("}"))
        return [line for line in map(json.loads, whole) if line["message"] == message]

    def told(self, message: str) -> datetime:
        """When its log first said a thing; waits for it."""
        (first, *_) = self._until(LOAD_S, f"says `{message}`", lambda: self.lines(message))
        return datetime.fromisoformat(first["time"])

    def get(self, path: str) -> dict:
        return self._ask(path, None)

    def submit(self, agent: str, action: str, payload: dict) -> str:
        return self._ask("jobs", {"agent": agent, "action": action, "payload": payload})["id"]

    def _ask(self, path: str, body: dict | None) -> dict:
        token = (self._data / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}/api/v1/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def finished(self, job: str) -> dict:
        """A job when it is over; it has to have succeeded."""
        told = self._until(60, "ends a job", lambda: (told := self.get(f"jobs/{job}"))["finished_at"] and told)
        if told["state"] != "succeeded":
            raise Trouble(f"a job {told['state']}: {told['error']}")
        return told

    def in_call(self, job: str) -> None:
        """Waits until a job waits for the answer of a call, for which money is held."""
        self._until(30, "sends a job's call", lambda: self.get(f"jobs/{job}")["held_usd"])

    def resident(self) -> int:
        """Bytes of its memory that are in the machine's."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        """Cuts what is under way."""
        for _ in range(2):
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
