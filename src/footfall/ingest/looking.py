"""Watched sources -> their files that are new and finished."""

from collections.abc import Callable
from datetime import datetime, timedelta

from footfall.ingest.finding import Input, State, differently_named, look_into

SETTLED_AFTER = timedelta(minutes=1)


class NewFiles:
    """Files of watched sources that nobody has dealt with yet.

    It remembers only what saves reading: whoever begins anew asks the lake.

    Args:
        sources: folders, globs, and prefixes of object stores.
        is_known: whether a file was dealt with before this was made; asked once for each content.
    """

    def __init__(self, sources: list[str], is_known: Callable[[Input], bool]) -> None:
        self._sources = sources
        self._is_known = is_known
        self._last: dict[str, State | None] = {}
        self._dealt_with: dict[str, State | None] = {}

    def look(self, now: datetime) -> tuple[list[Input], list[Input]]:
        """New files that are finished, and those of which that is not sure yet.

        Args:
            now: naive UTC.

        Raises:
            SourceUnreadable: a folder is not there, or two files have the same name.
            DownloadFailed: an object store does not answer.
        """
        found = differently_named([one for source in self._sources for one in look_into(source)])
        new = [one for one in found if self._is_new(one)]
        finished = [one for one in new if is_finished(one, self._last.get(one.name), now)]
        self._last = {one.name: one.state for one in found}
        return finished, [one for one in new if one not in finished]

    def deal_with(self, one: Input) -> None:
        """Pass the file over until its content changes."""
        self._dealt_with[one.name] = one.state

    def _is_new(self, one: Input) -> bool:
        if one.name not in self._dealt_with and self._is_known(one):
            self.deal_with(one)
        return self._dealt_with.get(one.name) != one.state


def is_finished(one: Input, before: State | None, now: datetime) -> bool:
    """Whether nobody is writing to the file any more.

    An object is whole as soon as it is there. A file is finished that was the same at the look before, or was not
    written to for a minute.
    """
    if one.is_object or one.state is None:
        return True
    return one.state == before or now - one.state.modified >= SETTLED_AFTER
