"""What a built plugin costs a host: how soon it is ready, how soon a job begins, how much memory a job holds. The Claude that
is simulated answers at once, or late, and no limit would be noticed."""

import statistics
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from host import Host
from readme import Command

STARTS = 31
# Jobs in a call at once, beside a first one: what that one brings into memory, the others share.
HELD = 16


@dataclass
class Cost:
    """Of one plugin: what a host's start takes until it is ready, compiled then or before; the medians of making an instance
    and of a job's start; the most memory of a job, by the host, and what a job more holds."""

    cold_s: float
    cached_s: float
    instance_s: float
    start_s: float
    peak_bytes: int
    resident_bytes: float


def cost(serve: Command, submit: Command, folder: Path, env: dict[str, str]) -> Cost:
    """Starts two hosts on the plugins folder of a project, one after the other, with a data folder of their own."""
    agent, action = submit.words[2:4]
    job = (agent, action, dict(word.split("=", 1) for word in submit.words if "=" in word))
    common = dict(
        data_dir="measured",
        preset="unlimited-dev",
        # Some are kept for urgent jobs.
        limits_agents_min=2 * HELD,
        limits_agents_max=2 * HELD,
        # The jobs are the same, and each has to send its call.
        saving_reply_cache="false",
        log_format="json",
        log="info,sandbox=debug",
    )
    with Host(serve.words, folder, env, **common, simulator_latency_ms=0, simulator_stream_ms_per_token=0) as host:
        cold = _loaded(host)
        jobs = [host.finished(host.submit(*job)) for _ in range(STARTS)]
        start = statistics.median(_start(host, told) for told in jobs)
        peak = max(told["attempt_history"][-1]["used"]["memory_bytes"] for told in jobs)
        # Whether a job waited for that or it was made ahead of one.
        waited = [line for line in host.lines("a guest is instantiated") if not line["ahead"]]
        made = (waited + host.lines("a guest is instantiated ahead"))[-STARTS:]
        instance = statistics.median(line["took_ns"] for line in made) / 1e9
    with Host(serve.words, folder, env, **common, simulator_latency_ms=20_000) as host:
        cached = _loaded(host)
        first = _held(host, job, 1)
        return Cost(cold, cached, instance, start, peak, (_held(host, job, HELD) - first) / HELD)


def _loaded(host: Host) -> float:
    """Seconds from the first line of a host's log to the one that says that the agent is there."""
    return (host.told("agent loaded") - host.told("starting")).total_seconds()


def _start(host: Host, told: dict) -> float:
    """Seconds from a submission, as the host has it, to the agent's first line in the job's log."""
    line = host.get(f"jobs/{told['id']}/log")["items"][0]
    return (datetime.fromisoformat(line["at"]) - datetime.fromisoformat(told["created_at"])).total_seconds()


def _held(host: Host, job: tuple, jobs: int) -> int:
    """The host's resident memory with so many jobs more in a call."""
    for id in [host.submit(*job) for _ in range(jobs)]:
        host.in_call(id)
    time.sleep(0.3)
    return host.resident()

