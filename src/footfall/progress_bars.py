"""A run's progress, drawn on a terminal; on a pipe nothing is drawn."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from footfall.pipeline.progress import Advance


class Bars:
    """Steps one below the other, each with a bar where its end is known."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._step: TaskID | None = None

    def step(self, text: str) -> None:
        """End the step before, begin this one."""
        self.end()
        self._step = self._progress.add_task(text, total=None)

    def end(self) -> None:
        """End the last step."""
        if self._step is not None:
            self._progress.update(self._step, total=1, completed=1)
            self._step = None

    @contextmanager
    def bytes(self, text: str, total: int | None = None) -> Iterator[Advance]:
        """A step over bytes or other units."""
        self.end()
        task = self._progress.add_task(text, total=total)

        def advance(done: int, out_of: int | None) -> None:
            self._progress.update(task, completed=done, total=total if out_of is None else out_of)

        yield advance
        end = self._progress.tasks[task].total or 1
        self._progress.update(task, total=end, completed=end)


@contextmanager
def drawn(console: Console) -> Iterator[Bars]:
    """Bars on a console."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bars = Bars(progress)
        yield bars
        bars.end()
