"""The table: a row for each language that was asked for, in which nothing is missing."""

import os
import platform
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path

# The rows that the table has. A template of another name is none that is measured, and one that is gone fails.
LANGUAGES = ("assemblyscript", "c", "go", "javascript", "python", "rust", "rust-lines", "typescript", "zig")
BEGIN, END = "<!-- begin: `make languages` writes this -->", "<!-- end -->"


class Absent(Exception):
    """A language has no row, or a row has a gap."""


@dataclass
class Row:
    """Of one language. What is None was not told or measured."""

    language: str
    kind: str | None = None
    tools: str | None = None
    size: int | None = None
    cold_s: float | None = None
    cached_s: float | None = None
    instance_s: float | None = None
    start_s: float | None = None
    peak_bytes: int | None = None
    resident_bytes: float | None = None
    # Seconds of each step of an author's way, in order.
    steps: dict[str, float] = field(default_factory=dict)
    # Why it did not come to its end.
    failed: str | None = None


def judge(asked: list[str], rows: list[Row]) -> None:
    """Fails where a language has no row, failed, or has a gap."""
    wrong = []
    for language in asked:
        row = next((row for row in rows if row.language == language), None)
        if row is None:
            wrong.append(f"{language}: there is no row")
        elif row.failed:
            wrong.append(f"{language}: {row.failed}")
        else:
            gaps = [f.name for f in fields(row) if f.name != "failed" and getattr(row, f.name) in (None, {}, "")]
            wrong += [f"{language}: no {gap}" for gap in gaps]
    if wrong:
        raise Absent("\n".join(wrong))


def markdown(rows: list[Row], host: Path, load: float, starts: int, held: int) -> str:
    """Two tables: what a plugin costs, and what an author waits for. `load` is the machine's before, by others."""
    costs = [
        "| template | kind | built with | `.wasm` | cold load | cached load | instance, p50 | start, p50 | memory | resident |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        costs.append(
            f"| `{row.language}` | {row.kind} | {row.tools} | {row.size:,} bytes | {row.cold_s:.2f} s | {row.cached_s:.2f} s "
            f"| {row.instance_s * 1e6:.0f} µs | {row.start_s * 1000:.1f} ms | {row.peak_bytes / 2**20:.2f} MiB "
            f"| {row.resident_bytes / 2**20:.2f} MiB |"
        )
    names = list(dict.fromkeys(name for row in rows for name in row.steps))
    steps = [f"| template | {' | '.join(names)} | all |", "|---" + "|--:" * (len(names) + 1) + "|"]
    for row in rows:
        seconds = [row.steps.get(name, 0.0) for name in names]
        steps.append(f"| `{row.language}` | {' | '.join(f'{s:.1f}' for s in [*seconds, sum(seconds)])} |")
    return "\n".join([
        f"Measured on {datetime.now(timezone.utc):%Y-%m-%d} by `tests/languages/run` with {build(host)}; {machine()}, at a "
        f"load of {load:.1f} by others.",
        "",
        *costs,
        "",
        "Loads are from a host's start until the agent is ready, with nothing compiled before and with the compiled code kept.",
        "Instance is what it takes to make a job's instance, for the job or ahead of it, by the host's log; start is from a submission to the",
        f"agent's first line in the job's log, the durable commits between included ({starts} jobs, one after the other). Memory",
        f"is the most that a job had, by the host; resident is what each of {held} jobs that wait in a call adds to the host's",
        "resident memory, beside a first one.",
        "",
        "Seconds of an author's way, from nothing to a finished job, toolchains left out, each build a first one:",
        "",
        *steps,
    ])


def build(host: Path) -> str:
    return f"the host's {'release' if 'release' in host.parts else 'development'} build"


def machine() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    name = release.get("PRETTY_NAME", "").strip('"')
    return f"{os.cpu_count()} cores, {platform.machine()}, {name or platform.system()}"


def write(document: Path, table: str) -> None:
    """Puts the table between the marks of a document."""
    before, rest = document.read_text().split(BEGIN, 1)
    document.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END, 1)[1]}")
