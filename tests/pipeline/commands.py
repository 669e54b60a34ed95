"""The command line in this process: an error that is no clear message raises here, as it would print a traceback."""

import io
import json
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """What it printed as JSON."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def footfall(*arguments: object) -> Ended:
    """Run `footfall` with these arguments."""
    before, out, err = sys.argv, io.StringIO(), io.StringIO()
    sys.argv = ["footfall", *map(str, arguments)]
    code: object = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Ended(int(str(code or 0)), out.getvalue(), err.getvalue())


def snapshot(lake: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder of a lake with its size and the moment of its last change."""
    return {
        str(path.relative_to(lake)): (path.stat().st_size if path.is_file() else 0, path.stat().st_mtime_ns)
        for path in sorted(lake.rglob("*"))
    }


def kill_at(lake: Path, mark: str, process: "subprocess.Popen[Any]") -> None:
    """Kill a process as soon as a file of the lake has changed."""

    def state() -> set[tuple[str, int]]:
        found = set()
        for file in lake.glob(mark):
            with suppress(FileNotFoundError):  # it has moved on since
                found.add((str(file), file.stat().st_mtime_ns))
        return found

    before = state()
    while process.poll() is None and state() == before:
        time.sleep(0.002)
    process.kill()
    process.communicate()
