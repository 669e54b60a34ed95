"""What the API answers, how fast, and for how long: load from a process of its own, on the same machine.

    python benchmarks/serve.py LAKE [--minutes 0.5] [--rate 300] [--while "footfall detect --lake LAKE"]

Requests are sent when they are due, whether or not earlier ones were answered, and timed from then on: a server that
stalls pays for all who wait (open loop; G. Tene, "How not to measure latency"). The peak is what as many connections
get that send one request after the other. `--while` runs a command again and again beside it, and memory is that of the
server, private to it. LAKE needs segments; the benchmark makes keys in it, and revokes them.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import platform
import random
import shlex
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.serve.access import KeyStore, access_folder

PORT = 8391
CONNECTIONS = 16


@dataclass
class Outcome:
    """Latencies in seconds by what was asked, and the statuses that were not 200."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    took: float = 0.0

    def note(self, what: str, seconds: float, status: int) -> None:
        self.seconds.setdefault(what, []).append(seconds)
        if status != 200:
            self.wrong[f"{what} {status}"] = self.wrong.get(f"{what} {status}", 0) + 1

    @property
    def count(self) -> int:
        return sum(map(len, self.seconds.values()))


class Connection:
    """One connection that is kept: as little of HTTP as the server's answers need, so that the load costs little."""

    def __init__(self) -> None:
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> int:
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", PORT)
        assert self._reader is not None
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head[9:12])


Requests = list[tuple[str, bytes]]


async def at_rate(requests: Requests, rate: float, seconds: float) -> Outcome:
    """Send so many a second, spread at random (a Poisson process), for so long."""
    outcome, free, running = Outcome(), [Connection() for _ in range(CONNECTIONS)], set()
    waiting: asyncio.Queue[Connection] = asyncio.Queue()
    for one in free:
        waiting.put_nowait(one)

    async def send(what: str, request: bytes, due: float) -> None:
        connection = await waiting.get()
        status = await connection.ask(request)
        outcome.note(what, time.perf_counter() - due, status)
        waiting.put_nowait(connection)

    began = due = time.perf_counter()
    draw = random.Random(1)
    while due < began + seconds:
        due += draw.expovariate(rate)
        pause = due - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        task = asyncio.create_task(send(*draw.choice(requests), due))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    outcome.took = time.perf_counter() - began
    return outcome


async def at_peak(requests: Requests, seconds: float) -> Outcome:
    """One request after the other on every connection."""
    outcome, began = Outcome(), time.perf_counter()

    async def repeat(number: int) -> None:
        connection, draw = Connection(), random.Random(number)
        while time.perf_counter() < began + seconds:
            what, request = draw.choice(requests)
            sent = time.perf_counter()
            status = await connection.ask(request)
            outcome.note(what, time.perf_counter() - sent, status)

    await asyncio.gather(*(repeat(number) for number in range(CONNECTIONS)))
    outcome.took = time.perf_counter() - began
    return outcome


def of_lake(lake: Path, key: str) -> Requests:
    """Look-ups of 500 users, and scores of their features."""
    rows = query(
        open_lake(lake),
        "SELECT f.* FROM user_features AS f JOIN (SELECT user_id, as_of FROM customer_segments USING SAMPLE 500 ROWS "
        "(reservoir, 1)) AS s ON f.user_id = s.user_id AND f.as_of = s.as_of",
    ).to_pylist()
    found: Requests = []
    for row in rows:
        user, _ = row.pop("user_id"), row.pop("as_of")
        found.append(("look up", _request("GET", f"/v1/users/{user}", key)))
        found.append(("score", _request("POST", "/v1/segments/score", key, {"users": [{"features": row}]})))
    return found


def _request(method: str, path: str, key: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nX-API-Key: {key}\r\n"
    head += "" if body is None else "Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def in_a_process(lake: Path, key: str, name: str, *given: float) -> Outcome:
    """Run a load in a process of its own."""
    spawned = multiprocessing.get_context("spawn")
    results = spawned.Queue()
    process = spawned.Process(target=_load, args=(lake, key, name, given, results))
    process.start()
    outcome: Outcome = results.get()
    process.join()
    return outcome


def _load(lake: Path, key: str, name: str, given: tuple[float, ...], results: "multiprocessing.Queue[Outcome]") -> None:
    load = {"rate": at_rate, "peak": at_peak}[name]
    results.put(asyncio.run(load(of_lake(lake, key), *given)))


class Beside(threading.Thread):
    """Looks at the server's memory, and runs a command again and again, until it is told to end."""

    def __init__(self, server: psutil.Process, command: str | None) -> None:
        super().__init__(daemon=True)
        self._server, self._command = server, command
        self._ended = threading.Event()
        self.megabytes: list[float] = []
        self.codes: list[int] = []

    def run(self) -> None:
        running: subprocess.Popen[bytes] | None = None
        while not self._ended.wait(1.0):
            self.megabytes.append(self._server.memory_full_info().uss / 1e6)
            if running is not None and running.poll() is not None:
                self.codes.append(running.returncode)
            if self._command and (running is None or running.poll() is not None):
                running = subprocess.Popen(
                    shlex.split(self._command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
        if running is not None:
            self.codes.append(running.wait())

    def end(self) -> None:
        self._ended.set()
        self.join()

    def growth(self) -> float:
        """Of the median of the last tenth over the median of the first."""
        tenth = max(1, len(self.megabytes) // 10)
        return statistics.median(self.megabytes[-tenth:]) / statistics.median(self.megabytes[:tenth]) - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--while", dest="command", help="a command that runs beside it, again and again")
    asked = parser.parse_args()
    keys = KeyStore(access_folder(open_lake(asked.lake)))
    key = keys.create(f"benchmark{os.getpid()}", ["data_science"])
    command = [sys.executable, "-m", "footfall.cli", "serve", "--lake", str(asked.lake), "--port", str(PORT)]
    server = subprocess.Popen([*command, "--rate", "1000000", "--burst", "1000000"], stdout=subprocess.DEVNULL)
    try:
        ready = seconds_until_ready(server)
        in_a_process(asked.lake, key, "rate", 100.0, 3.0)  # the first requests of each kind load what they need
        beside = Beside(psutil.Process(server.pid), asked.command)
        beside.start()
        steady = in_a_process(asked.lake, key, "rate", asked.rate, asked.minutes * 60)
        beside.end()
        peak = in_a_process(asked.lake, key, "peak", 10.0)
    finally:
        keys.revoke(f"benchmark{os.getpid()}")
        server.terminate()
        server.wait(20)
    print("\n".join(table(asked.rate, ready, steady, peak, beside)))


def seconds_until_ready(server: "subprocess.Popen[bytes]") -> float:
    began = time.perf_counter()
    while server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1.0) as ask:
            ask.sendall(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if b" 200 " in ask.recv(100):
                return time.perf_counter() - began
        time.sleep(0.1)
    sys.exit("the server ended before it was ready")


def table(rate: float, ready: float, steady: Outcome, peak: Outcome, beside: Beside) -> list[str]:
    def milliseconds(seconds: list[float], share: float) -> str:
        return f"{1000 * np.quantile(seconds, share):.1f} ms"

    lines = ["| what | aim | found |", "| --- | ---: | ---: |", f"| ready after | | {ready:.1f} s |"]
    for what, seconds in sorted(steady.seconds.items()):
        lines += [
            f"| {what} at {rate:g}/s, median | | {milliseconds(seconds, 0.5)} |",
            f"| {what} at {rate:g}/s, 99th percentile | at most 25 ms | {milliseconds(seconds, 0.99)} |",
            f"| {what} at {rate:g}/s, slowest of {len(seconds):,} | | {milliseconds(seconds, 1)} |",
        ]
    wrong = {name: steady.wrong.get(name, 0) + peak.wrong.get(name, 0) for name in steady.wrong | peak.wrong}
    return [
        *lines,
        f"| answers at {rate:g}/s | | {steady.count / steady.took:.0f}/s for {steady.took:.0f} s |",
        f"| peak, {CONNECTIONS} connections | at least 1,000/s | {peak.count / peak.took:,.0f}/s |",
        f"| errors in {steady.count + peak.count:,} answers | none | {wrong or 'none'} |",
        f"| memory of the server | | {beside.megabytes[0]:.0f} MB at first, {max(beside.megabytes):.0f} at most |",
        f"| its growth, last tenth over first | at most 10% | {beside.growth():+.1%} |",
        f"| runs beside it, and how they ended | | {dict(Counter(beside.codes)) or 'none'} |",
        "",
        f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB, Python {platform.python_version()}",
    ]


if __name__ == "__main__":
    main()
