"""What every command that writes shares: the lock, the sweep, and an engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from footfall.engine import Engine, open_engine
from footfall.lake import Lake, forget_old_versions, sweep
from footfall.settings import Settings
from footfall.sources.pseudonyms import Pseudonymiser


@contextmanager
def writing(
    lake: Lake, settings: Settings, pseudonyms: Pseudonymiser | None = None, *, tidy: bool = True
) -> Iterator[Callable[[], Engine]]:
    """The lake's lock, what killed runs left swept away, and an engine that starts when it is first asked for.

    Args:
        lake: the lake.
        settings: which engine.
        pseudonyms: whose key the lake is to remember.
        tidy: look for files of old versions at the end, which lists all there are.
    """
    opened: list[Engine] = []

    @cache
    def engine() -> Engine:
        opened.append(
            open_engine(
                settings.engine,
                temporary=lake.staging / "spilled",
                memory=settings.memory,
                threads=settings.threads,
                master=settings.spark_master,
            )
        )
        return opened[0]

    with locked(lake):
        if pseudonyms is not None and lake.key_id is None:
            lake.remember_key(pseudonyms.key_id)
        try:
            yield engine
        finally:
            for one in opened:
                one.close()
            sweep(lake)
        if tidy:
            forget_old_versions(lake)


@contextmanager
def locked(lake: Lake, *, patience: float = 0.0) -> Iterator[None]:
    """The lake's lock, for which to wait so many seconds, and what killed runs left swept away."""
    with lake.lock(patience=patience):
        sweep(lake)
        yield
