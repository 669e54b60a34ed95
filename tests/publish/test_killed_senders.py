"""A process that is killed while it sends: nothing is lost, and at most the message under way comes twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from receivers import Webhook
from told_incidents import NOON

from footfall.publish import Outbox

MESSAGES = 24
# Begins anew as a program that is restarted does: what is known is added again, what is due is sent.
SENDS = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from footfall.publish import Outbox, deliver
from footfall.publish.channel import open_channels
from told_incidents import message
outbox = Outbox(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    outbox.add(message(incident_id=f"{number:08x}", plot=b"PNG" * 10_000))
channels = open_channels([sys.argv[2]])
print("begins", flush=True)
deliver(outbox, channels, datetime.fromisoformat(sys.argv[4]))
"""


def sender(folder: Path, hook: Webhook, run: int) -> "subprocess.Popen[str]":
    """Runs are an hour apart, so that the pause after an attempt is over."""
    now = NOON.replace(hour=12 + run)
    command = [sys.executable, "-c", SENDS, str(folder), hook.url, str(MESSAGES), now.isoformat()]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths})


def finish(folder: Path, hook: Webhook, run: int) -> Counter[str]:
    """Send what is left; how often each message came."""
    with sender(folder, hook, run) as process:
        process.communicate()
    assert process.returncode == 0
    assert not Outbox(folder).letters()
    assert len(Outbox(folder).letters("sent")) == MESSAGES
    return Counter(hook.titles)


@pytest.mark.parametrize("number", [1, 5, MESSAGES])
def test_a_kill_while_the_server_has_not_answered(tmp_path: Path, webhook: Webhook, number: int) -> None:
    """The one under way, and no other, comes twice: nobody can know whether it was taken."""
    with sender(tmp_path, webhook, 0) as process:
        webhook.on_request = lambda count: process.kill() if count == number else None
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    under_way = webhook.titles[-1]
    with suppress(BrokenPipeError):
        counts = finish(tmp_path, webhook, 1)
    assert len(counts) == MESSAGES
    assert {title for title, count in counts.items() if count > 1} == {under_way}
    assert counts[under_way] == 2


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_at_any_moment(tmp_path: Path, webhook: Webhook, seed: int) -> None:
    """Three kills in a row: each may repeat one message at most."""
    chance = random.Random(seed)
    for run in range(3):
        with sender(tmp_path, webhook, run) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.1))
            process.kill()
    counts = finish(tmp_path, webhook, 3)
    assert len(counts) == MESSAGES
    assert sum(counts.values()) <= MESSAGES + 3
    assert max(counts.values()) <= 4
