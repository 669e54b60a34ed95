"""What the server holds for all visitors."""

import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from footfall import registry
from footfall.errors import FootfallError
from footfall.registry import Version
from footfall.serve.access import AuditLog, KeyStore, Sessions, access_folder
from footfall.serve.views.freshness import Freshness
from footfall.serve.views.published import Kept, Published
from footfall.serve.views.scoring import Scorer, read_scorer
from footfall.settings import Settings


@dataclass
class Served:
    """The tables, who may ask, and what is slow to get. `keys` is None where anyone may do everything."""

    settings: Settings
    published: Published
    freshness: Freshness
    scorer: Kept[Scorer]
    keys: KeyStore | None
    audit: AuditLog
    versions: Callable[[], list[Version]]
    sessions: Sessions = field(default_factory=Sessions)
    replaying: threading.Lock = field(default_factory=threading.Lock)

    def warm(self) -> None:
        """Ask for the versions once, before a visitor does."""
        with suppress(FootfallError):  # the page says it
            self.versions()


_HELD: list[Served] = []


def open_served(settings: Settings, *, keys: bool) -> Served:
    """Open the lake, once for this process."""
    published = Published(settings)
    folder = access_folder(published.lake)
    served = Served(
        settings=settings,
        published=published,
        freshness=Freshness(published),
        scorer=published.keep(
            "customer_segments", "segment_profiles", make=lambda reader: read_scorer(reader, settings)
        ),
        keys=KeyStore(folder) if keys else None,
        audit=AuditLog(folder),
        versions=lambda: _versions(settings),
    )
    published.start()
    _HELD[:] = [served]
    return served


def served() -> Served:
    """What `open_served` opened: Streamlit runs its script in the same process."""
    return _HELD[0]


def _versions(settings: Settings) -> list[Version]:
    # MLflow takes seconds to import.
    from footfall.pipeline.versions import versions  # noqa: PLC0415

    return versions(settings)


def preload(published: Published) -> None:
    """Import what pages need, so that the first visitor does not wait for it."""
    import streamlit.elements.plotly_chart  # noqa: PLC0415
    import streamlit.emojis  # noqa: PLC0415, F401

    import footfall.serve.dashboard.app  # noqa: PLC0415, F401
    from footfall.serve.dashboard.plotting import bars  # noqa: PLC0415

    # Plotly loads its parts when they are first used.
    bars(["a"], [1.0], ["1"]).add_scatter(x=[0], y=[0]).to_json()
    registry.preload()
    if published.versions:
        published.rows("SELECT 1")
    # Streamlit collects garbage after each script: it need not look at what was loaded each time.
    gc.collect()
    gc.freeze()
