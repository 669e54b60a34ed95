import base64
import fcntl
import hashlib
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from footfall.errors import DownloadFailed, SettingInvalid, SourceUnreadable, StorageFailed
from footfall.ingest.download import LONGEST_WAIT_SECONDS, download, wait_seconds

CONTENT = random.Random(7).randbytes(300_000)
CHANGED = random.Random(8).randbytes(300_000)
CUT = 100_000


@dataclass(frozen=True)
class Answer:
    """How the server treats one request."""

    status: int = 200
    content: bytes = CONTENT
    etag: str | None = '"v1"'
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    with_length: bool = True
    ignores_range: bool = False
    ignores_if_range: bool = False
    sends: tuple[int, int] | None = None
    stalls: bool = False


class Server(ThreadingHTTPServer):
    """Answers requests as planned, the last plan again and again, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[Answer] = [Answer()]
        self.requests: list[dict[str, str]] = []
        self.released = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/2019-Oct.csv.gz"

    @property
    def ranges(self) -> list[str | None]:
        return [request.get("Range") for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(dict(self.headers))
        plan = self.server.plan
        self.close_connection = True
        self._answer(plan.pop(0) if len(plan) > 1 else plan[0])

    def _answer(self, answer: Answer) -> None:
        span = self._span(answer)
        first, end = span or (0, len(answer.content))
        body = answer.content[first:end] if answer.status == 200 else b"sorry"
        self.send_response(206 if span else answer.status)
        if span:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(answer.content)}")
        if answer.with_length:
            self.send_header("Content-Length", str(len(body)))
        if answer.etag:
            self.send_header("ETag", answer.etag)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: answer.cut_after])
        if answer.stalls:
            self.server.released.wait(30)

    def _span(self, answer: Answer) -> tuple[int, int] | None:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if found is None or answer.ignores_range or answer.status != 200:
            return None
        known = {answer.etag, answer.headers.get("Last-Modified")}
        if self.headers.get("If-Range") in known or answer.ignores_if_range:
            return answer.sends or (int(found[1]), len(answer.content))
        return None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "raw" / "2019-Oct.csv.gz"


def part_of(to: Path) -> Path:
    return to.with_name(f"{to.name}.part")


def note_of(to: Path) -> Path:
    return to.with_name(f"{to.name}.part.json")


def files_beside(to: Path) -> list[str]:
    return sorted(path.name for path in to.parent.iterdir())


def leave_a_part(server: Server, to: Path, answer: Answer | None = None) -> None:
    """A first call that fails after CUT bytes."""
    server.plan = [answer or Answer(cut_after=CUT)]
    with pytest.raises(DownloadFailed):
        download(server.url, to, attempts=1)
    server.plan = [Answer()]


def test_whole_file_arrives_in_one_request(server: Server, to: Path) -> None:
    result = download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert (result.path, result.bytes, result.resumed_from) == (to, len(CONTENT), 0)
    assert result.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert files_beside(to) == [to.name]
    assert server.ranges == [None]


def test_bytes_are_kept_as_published_even_when_labelled_gzip(server: Server, to: Path) -> None:
    server.plan = [Answer(headers={"Content-Encoding": "gzip"})]

    download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert server.requests[0]["Accept-Encoding"] == "identity"


def test_empty_file_is_a_file(server: Server, to: Path) -> None:
    server.plan = [Answer(content=b"")]

    assert download(server.url, to).bytes == 0
    assert files_beside(to) == [to.name]


def test_older_file_is_replaced_only_at_the_end(server: Server, to: Path) -> None:
    to.parent.mkdir()
    to.write_bytes(b"old")

    leave_a_part(server, to)
    assert to.read_bytes() == b"old"

    download(server.url, to)
    assert to.read_bytes() == CONTENT


def test_cut_connection_resumes_where_it_stopped(server: Server, to: Path) -> None:
    server.plan = [Answer(cut_after=CUT), Answer(cut_after=CUT), Answer()]

    result = download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-", f"bytes={2 * CUT}-"]
    assert server.requests[1]["If-Range"] == '"v1"'
    assert result.resumed_from == 2 * CUT


def test_next_call_resumes_what_a_failed_one_left(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    assert part_of(to).read_bytes() == CONTENT[:CUT]
    assert not to.exists()

    result = download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-"]
    assert result.resumed_from == CUT
    assert files_beside(to) == [to.name]


def test_part_that_was_whole_needs_no_request(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    part_of(to).write_bytes(CONTENT)

    result = download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert result.resumed_from == len(CONTENT)
    assert len(server.requests) == 1


def test_weak_etag_is_not_used_to_resume_but_last_modified_is(server: Server, to: Path) -> None:
    modified = "Tue, 01 Oct 2019 00:00:00 GMT"
    weak = Answer(etag='W/"v1"', headers={"Last-Modified": modified})
    server.plan = [Answer(etag=weak.etag, headers=weak.headers, cut_after=CUT), weak]

    download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert server.requests[1]["If-Range"] == modified
    assert server.ranges == [None, f"bytes={CUT}-"]


def test_file_without_validator_is_fetched_from_its_beginning(server: Server, to: Path) -> None:
    server.plan = [Answer(etag=None, cut_after=CUT)]
    with pytest.raises(DownloadFailed, match="no bytes are kept; run again to start over"):
        download(server.url, to, attempts=1)
    server.plan = [Answer(etag=None, content=CHANGED)]

    download(server.url, to)

    assert to.read_bytes() == CHANGED
    assert server.ranges == [None, None]


def test_server_that_ignores_range_starts_from_zero(server: Server, to: Path) -> None:
    server.plan = [Answer(cut_after=CUT), Answer(ignores_range=True)]

    result = download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-"]
    assert result.resumed_from == 0


@pytest.mark.parametrize("ignores_if_range", [False, True])
def test_file_that_changed_is_fetched_from_its_beginning(server: Server, to: Path, ignores_if_range: bool) -> None:
    leave_a_part(server, to)
    server.plan = [Answer(content=CHANGED, etag='"v2"', ignores_if_range=ignores_if_range)]

    result = download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CHANGED
    assert result.resumed_from == 0


def test_file_that_changed_its_length_under_the_same_etag_is_fetched_anew(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    server.plan = [Answer(content=CHANGED + b"more")]

    download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CHANGED + b"more"


def test_piece_shorter_than_asked_is_completed(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    server.plan = [Answer(sends=(CUT, 2 * CUT)), Answer()]

    download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-", f"bytes={2 * CUT}-"]


def test_piece_from_elsewhere_starts_from_zero(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    server.plan = [Answer(sends=(0, 2 * CUT)), Answer()]

    download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-", None]


def test_part_longer_than_the_file_is_not_resumed(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    part_of(to).write_bytes(CONTENT + b"more")

    download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_range_that_is_gone_starts_from_zero(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    server.plan = [Answer(status=416), Answer()]

    download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-", None]


def test_part_of_another_address_is_not_resumed(server: Server, to: Path) -> None:
    leave_a_part(server, to)

    download(f"{server.url}?mirror=2", to)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, None]


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": "x"}'])
def test_part_with_an_unreadable_note_is_not_resumed(server: Server, to: Path, note: str) -> None:
    leave_a_part(server, to)
    note_of(to).write_text(note)

    download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_resumed_bytes_that_do_not_fit_are_fetched_anew(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    part_of(to).write_bytes(bytes(CUT))

    result = download(server.url, to, sha256=hashlib.sha256(CONTENT).hexdigest(), backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert result.resumed_from == 0


def test_length_unknown_is_no_obstacle(server: Server, to: Path) -> None:
    server.plan = [Answer(with_length=False)]
    seen: list[tuple[int, int | None]] = []

    download(server.url, to, progress=lambda done, total: seen.append((done, total)))

    assert to.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), None)


def test_progress_goes_on_from_the_resumed_bytes(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    seen: list[tuple[int, int | None]] = []

    download(server.url, to, progress=lambda done, total: seen.append((done, total)))

    done = [here for here, _ in seen]
    assert done == sorted(done)
    assert done[0] > CUT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert {total for _, total in seen} == {len(CONTENT)}


@pytest.mark.parametrize(
    ("status", "advice"), [(404, "check the address"), (403, "signature"), (400, "check"), (204, "")]
)
def test_refusal_is_final_and_says_what_to_do(server: Server, to: Path, status: int, advice: str) -> None:
    server.plan = [Answer(status=status)]

    with pytest.raises(SourceUnreadable, match=rf"{re.escape(server.url)}: HTTP {status} .*; .*{advice}"):
        download(server.url, to)

    assert len(server.requests) == 1
    assert files_beside(to) == []


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_failing_server_is_asked_again(server: Server, to: Path, status: int) -> None:
    server.plan = [Answer(status=status), Answer(status=status), Answer()]

    download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert len(server.requests) == 3


def test_retry_after_is_honoured(server: Server, to: Path) -> None:
    server.plan = [Answer(status=503, headers={"Retry-After": "1"}), Answer()]
    started = time.monotonic()

    download(server.url, to, backoff_seconds=0.001)

    assert time.monotonic() - started >= 1


def test_wait_doubles_with_jitter_within_its_bound() -> None:
    for attempt in range(1, 5):
        waits = [wait_seconds(attempt, 1.0, None) for _ in range(50)]
        middle = 2.0 ** (attempt - 1)
        assert middle / 2 <= min(waits) < max(waits) <= 1.5 * middle
    assert wait_seconds(5000, 1.0, None) == LONGEST_WAIT_SECONDS


def test_wait_follows_the_server_within_its_bound() -> None:
    assert wait_seconds(1, 0.0, "7") == 7.0
    assert wait_seconds(1, 0.0, "86400") == LONGEST_WAIT_SECONDS
    assert 10 < wait_seconds(1, 0.0, formatdate(time.time() + 20, usegmt=True)) <= 20
    assert wait_seconds(1, 0.0, formatdate(time.time() - 20, usegmt=True)) == 0.0
    assert wait_seconds(1, 0.0, "soon") == 0.0


def test_exhausted_attempts_say_what_is_kept(server: Server, to: Path) -> None:
    server.plan = [Answer(cut_after=CUT), Answer(status=500)]

    with pytest.raises(DownloadFailed) as caught:
        download(server.url, to, attempts=3, backoff_seconds=0.001)

    assert server.url in str(caught.value)
    assert "HTTP 500" in str(caught.value)
    assert f"100,000 of 300,000 bytes are kept in {part_of(to)}; run again to resume" in str(caught.value)
    assert len(server.requests) == 3
    assert not to.exists()


def test_server_that_is_not_there_leaves_nothing(to: Path) -> None:
    with Server() as gone:
        url = gone.url

    with pytest.raises(DownloadFailed, match="no bytes are kept"):
        download(url, to, attempts=2, backoff_seconds=0.001)

    assert files_beside(to) == []


def test_given_sha256_is_verified(server: Server, to: Path) -> None:
    right = hashlib.sha256(CONTENT).hexdigest()

    with pytest.raises(SourceUnreadable, match=f"its sha256 is {right} and must be {'0' * 64}"):
        download(server.url, to, sha256="0" * 64)
    assert files_beside(to) == []
    assert len(server.requests) == 1

    assert download(server.url, to, sha256=right.upper()).sha256 == right


def in_base64(algorithm: str, content: bytes) -> str:
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


SUMS = [
    ("Repr-Digest", "sha-512=:AAAA:, sha-256=:{}:", "sha256"),
    ("Digest", "SHA-256={}", "sha256"),
    ("Digest", "MD5=AAAA,sha-256={}", "sha256"),
    ("Content-MD5", "{}", "md5"),
]


@pytest.mark.parametrize(("header", "form", "algorithm"), SUMS)
def test_sum_in_the_headers_is_verified(server: Server, to: Path, header: str, form: str, algorithm: str) -> None:
    server.plan = [Answer(headers={header: form.format(in_base64(algorithm, CHANGED))})]
    with pytest.raises(DownloadFailed, match=f"announced {algorithm} {hashlib.new(algorithm, CHANGED).hexdigest()}"):
        download(server.url, to)
    assert files_beside(to) == []

    server.plan = [Answer(headers={header: form.format(in_base64(algorithm, CONTENT))})]
    download(server.url, to)
    assert to.read_bytes() == CONTENT


def test_content_md5_of_a_resumed_piece_is_not_taken_for_the_file(server: Server, to: Path) -> None:
    whole = Answer(headers={"Content-MD5": in_base64("md5", CONTENT)}, cut_after=CUT)
    rest = Answer(headers={"Content-MD5": in_base64("md5", CONTENT[CUT:])})
    server.plan = [whole, rest]

    result = download(server.url, to, backoff_seconds=0.001)

    assert to.read_bytes() == CONTENT
    assert result.resumed_from == CUT


def test_header_that_holds_no_sum_is_passed_over(server: Server, to: Path) -> None:
    server.plan = [Answer(headers={"Content-MD5": hashlib.md5(CHANGED).hexdigest(), "Digest": "sha-256=AAAA"})]

    download(server.url, to)

    assert to.read_bytes() == CONTENT


def test_redirect_is_followed_with_its_range(server: Server, to: Path) -> None:
    leave_a_part(server, to)
    server.plan = [Answer(status=302, headers={"Location": "/elsewhere"}), Answer()]

    download(server.url, to)

    assert to.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={CUT}-", f"bytes={CUT}-"]


@pytest.mark.parametrize("location", ["ftp://example.org/file", "/again"])
def test_redirect_that_leads_nowhere_is_final(server: Server, to: Path, location: str) -> None:
    server.plan = [Answer(status=302, headers={"Location": location})]

    with pytest.raises(SourceUnreadable, match="redirects lead nowhere"):
        download(server.url, to)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a.csv", "file:///etc/hosts", "2019-Oct.csv.gz", "http://", "http://host:port/"]
)
def test_address_must_be_http(to: Path, url: str) -> None:
    with pytest.raises(SettingInvalid, match="http"):
        download(url, to)


def test_other_settings_are_checked_before_anything_is_fetched(server: Server, to: Path) -> None:
    with pytest.raises(SettingInvalid, match="64 hexadecimal digits"):
        download(server.url, to, sha256="abc")
    with pytest.raises(SettingInvalid, match="attempts is 0"):
        download(server.url, to, attempts=0)
    with pytest.raises(SettingInvalid, match="is a folder"):
        download(server.url, to.parent.parent)

    assert server.requests == []


def test_secrets_in_the_address_stay_out_of_messages_and_files(server: Server, to: Path) -> None:
    server.plan = [Answer(cut_after=CUT)]
    address = server.url.replace("http://", "http://me:hunter2@") + "?signature=topsecret"

    with pytest.raises(DownloadFailed, match=re.escape(server.url)) as caught:
        download(address, to, attempts=1)

    for text in (str(caught.value), note_of(to).read_text()):
        assert "hunter2" not in text
        assert "topsecret" not in text
    assert json.loads(note_of(to).read_text())["url"] == server.url


def test_file_that_another_process_fetches_is_left_alone(server: Server, to: Path) -> None:
    leave_a_part(server, to)

    with part_of(to).open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DownloadFailed, match="another process"):
            download(server.url, to)
    assert part_of(to).read_bytes() == CONTENT[:CUT]

    download(server.url, to)
    assert to.read_bytes() == CONTENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_full_disk_is_named(server: Server, to: Path) -> None:
    to.parent.mkdir()
    part_of(to).symlink_to("/dev/full")

    with pytest.raises(StorageFailed, match=r"the disk is full; make room and run again"):
        download(server.url, to)

    assert not to.exists()
    assert len(server.requests) == 1


def test_folder_that_cannot_be_made_is_named(server: Server, to: Path) -> None:
    to.parent.write_text("a file, where a folder must be")

    with pytest.raises(StorageFailed, match="cannot be written"):
        download(server.url, to)


def test_interrupted_caller_keeps_the_bytes(server: Server, to: Path) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url, to, progress=interrupt)
    kept = part_of(to).stat().st_size
    assert 0 < kept < len(CONTENT)

    assert download(server.url, to).resumed_from == kept
    assert to.read_bytes() == CONTENT


DOWNLOAD = """
import pathlib, sys
from footfall.ingest.download import download
download(sys.argv[1], pathlib.Path(sys.argv[2]))
"""


def wait_until_stalled(part: Path) -> None:
    deadline = time.monotonic() + 30
    while not part.exists() or part.stat().st_size < CUT:
        assert time.monotonic() < deadline, "the process did not fetch its first bytes"
        time.sleep(0.01)


def test_killed_process_is_resumed_by_the_next_call(server: Server, to: Path) -> None:
    server.plan = [Answer(cut_after=CUT, stalls=True), Answer()]
    with subprocess.Popen([sys.executable, "-c", DOWNLOAD, server.url, str(to)]) as process:
        try:
            wait_until_stalled(part_of(to))
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not to.exists()

    result = download(server.url, to)

    assert server.ranges == [None, f"bytes={CUT}-"]
    assert to.read_bytes() == CONTENT
    assert result.resumed_from == CUT
    assert files_beside(to) == [to.name]
