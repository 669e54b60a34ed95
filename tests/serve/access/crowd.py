"""Processes that do the same thing at the same time."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

Process = subprocess.Popen[str]


@contextmanager
def crowd(script: str, *arguments: object, size: int) -> Iterator[list[Process]]:
    """Processes of a script that says `ready`, all of which go on at the same moment when they read a line.

    Args:
        script: Python, which gets the process's number and the arguments in `sys.argv`.
        arguments: what it gets.
        size: how many processes.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(number), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(size)
    ]
    try:
        for process in processes:
            assert _pipe(process.stdout).readline() == "ready\n"
        for process in processes:
            _pipe(process.stdin).write("go\n")
            _pipe(process.stdin).flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def said(process: Process) -> list[str]:
    """The lines of a process that has to end well."""
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return text.splitlines()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
