"""A new author's way in one language: what the documents say, word for word, from nothing to a finished job."""

import re
import subprocess
import tempfile
import time
from pathlib import Path

import measure
import readme
import tools
from host import Host, Trouble, free_port
from readme import Command
from table import Row

NAME = "my-agent"
# The longest that a way may take without its toolchains, and that one command may.
WAY_S = 300
TOOLCHAIN_S = 900
# What a runner of tests says when it ran some.
TESTED = r"\b[1-9]\d* (tests )?passed|^Ran [1-9]\d* test|^(#|ℹ) pass [1-9]|^ok\s|^all is well$"


class Stuck(Exception):
    """A step did not do what the documents say."""


def way(language: str, anvil: Path, kept: Path) -> Row:
    """Goes it. The row says why where it has no end."""
    row = Row(language)
    try:
        with tempfile.TemporaryDirectory(prefix="anvil-languages-") as work:
            Way(row, anvil, kept, Path(work)).go()
    except (Stuck, Trouble, readme.Unclear, OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
        row.failed = f"{type(error).__name__}: {error}"
    return row


class Way:
    def __init__(self, row: Row, anvil: Path, kept: Path, work: Path):
        self._row, self._folder, self._host = row, work, None
        template = tools.ROOT / "plugins/templates" / row.language
        programs = work / "bin"
        programs.mkdir()
        (programs / "anvil").symlink_to(anvil)
        at = [programs, *tools.install(template, kept)]
        self._env = tools.environment(at, kept, work, f"127.0.0.1:{free_port()}")

    def go(self) -> None:
        page = tools.ROOT / "docs/languages.md"
        for command in readme.beginning(page, self._row.language, NAME):
            self._step(command)
        said = readme.of_project(self._folder / "README.md")
        try:
            for command in said:
                self._step(command)
        finally:
            if self._host:
                self._host.stop()
        took = sum(self._row.steps.values())
        if took > WAY_S:
            raise Stuck(f"the way took {took:.0f} s, more than {WAY_S}")
        self._fill(said)

    def _fill(self, said: list[Command]) -> None:
        """Measures, after the way."""
        row = self._row
        plugin = self._folder / next(c for c in said if c.begins("anvil", "plugin", "check")).words[-1]
        row.size = plugin.stat().st_size
        # The version of a component's binary format is 13, of a core module's 1.
        row.kind = "component" if plugin.read_bytes()[4:8] == b"\x0d\0\x01\0" else "lines"
        row.tools = tools.versions(self._folder, self._env)
        serve = next(c for c in said if c.begins("anvil", "serve"))
        submit = next(c for c in said if c.begins("anvil", "submit"))
        begun = time.monotonic()
        cost = measure.cost(serve, submit, self._folder, self._env)
        row.cold_s, row.cached_s, row.instance_s = cost.cold_s, cost.cached_s, cost.instance_s
        row.start_s, row.peak_bytes, row.resident_bytes = cost.start_s, cost.peak_bytes, cost.resident_bytes
        print(f"  {time.monotonic() - begun:7.1f} s  measured", flush=True)

    def _step(self, command: Command) -> None:
        begun = time.monotonic()
        if command.begins("cd"):
            self._folder /= command.words[1]
        elif command.begins("anvil", "serve"):
            # It stands in a terminal of its own.
            self._host = Host(command.words, self._folder, self._env)
        elif command.begins("anvil", "agents", "list"):
            self._until_ready(command)
        else:
            self._run(command)
        took = time.monotonic() - begun
        print(f"  {took:7.1f} s  {command.shown}", flush=True)
        if command.section != readme.TOOLCHAIN:
            name = self._named(command)
            self._row.steps[name] = self._row.steps.get(name, 0.0) + took

    @staticmethod
    def _named(command: Command) -> str:
        """The column of a step."""
        of_a_host = {"plugin": "check", "serve": "serve", "agents": "ready", "submit": "job"}
        if command.section == readme.RUN:
            return of_a_host.get(command.words[1], "ready")
        return {"Begin": "new", readme.BUILD: "build", readme.TEST: "test"}.get(command.section, command.section)

    def _run(self, command: Command) -> str:
        left = TOOLCHAIN_S if command.section == readme.TOOLCHAIN else WAY_S
        ran = self._shell(command.line, left)
        if ran.returncode != 0:
            raise Stuck(f"`{command.line}` ended with {ran.returncode}:\n{ran.stdout[-3000:]}")
        if command.section == readme.TEST and not re.search(TESTED, ran.stdout, re.MULTILINE):
            raise Stuck(f"`{command.line}` ran no test:\n{ran.stdout[-1000:]}")
        if command.begins("anvil", "submit") and " succeeded " not in ran.stdout:
            raise Stuck(f"`{command.line}` does not tell of a job that succeeded:\n{ran.stdout[-1000:]}")
        return ran.stdout

    def _until_ready(self, command: Command) -> None:
        end = time.monotonic() + WAY_S
        while time.monotonic() < end:
            said = self._run(command)
            state = next((line.split()[2] for line in said.splitlines() if line.startswith(f"{NAME} ")), "")
            if state == "ready":
                return
            if state == "rejected":
                break
            time.sleep(0.1)
        raise Stuck(f"the agent is not ready:\n{said}")

    def _shell(self, line: str, seconds: float) -> subprocess.CompletedProcess:
        """Runs a line as a shell does. What it begins ends with it, where it takes too long."""
        process = subprocess.Popen(
            ["timeout", "--kill-after=5", str(int(seconds)), "bash", "-c", line],
            cwd=self._folder, env=self._env, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        said, _ = process.communicate()
        return subprocess.CompletedProcess(line, process.returncode, said)
