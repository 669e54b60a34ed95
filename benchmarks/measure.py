"""What a command costs: wall seconds, CPU seconds and the peak memory of its whole process tree."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.05
# Looking for new processes reads all of /proc, so it is done less often than sampling.
SAMPLES_PER_SEARCH = 5


@dataclass(frozen=True)
class Cost:
    """What a command took.

    `peak_bytes` sums the resident memory of all processes of the tree, Java included; what they share counts for each.
    """

    status: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int

    @property
    def is_ok(self) -> bool:
        """Whether the command ended with exit 0."""
        return self.status == "ok"


def measure(command: list[str], log: Path, timeout: float, environment: dict[str, str] | None = None) -> Cost:
    """Run a command in its own process group; past `timeout` seconds it is killed.

    Args:
        command: program and arguments.
        log: where its output goes.
        timeout: in seconds.
        environment: variables, the caller's by default.
    """
    before, start, peak, status = _children_seconds(), time.perf_counter(), 0, ""
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment, start_new_session=True)
    try:
        peak = _watch(process, start + timeout)
        status = "timeout" if process.returncode is None else _status(process.returncode)
    finally:
        seconds = time.perf_counter() - start
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return Cost(status, seconds, _children_seconds() - before, peak)


def _watch(process: subprocess.Popen[bytes], deadline: float) -> int:
    """Peak memory in bytes until the process ends or the time is up."""
    peak, tree = 0, [psutil.Process(process.pid)]
    sample = 0
    while process.poll() is None and time.perf_counter() < deadline:
        if sample % SAMPLES_PER_SEARCH == 0:
            with contextlib.suppress(psutil.NoSuchProcess):
                tree = [tree[0], *tree[0].children(recursive=True)]
        peak = max(peak, sum(_resident(one) for one in tree))
        sample += 1
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SAMPLE_SECONDS)
    return peak


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _status(code: int) -> str:
    return "ok" if code == 0 else f"failed: exit {code}"
