"""The shop that events of a request are seen beside."""

from threading import Lock

from footfall.pipeline.known_shop import KnownShop
from footfall.serve.views.published import Published


class KnownShops:
    """The shop as of the tables' current versions, built when first asked for: on a big lake that takes seconds."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._lock = Lock()
        self._known: KnownShop | None = None

    def __call__(self) -> KnownShop:
        """The shop now. One before it lives on until whoever uses it is done.

        Raises:
            NotPublished: there are no features yet.
            SettingInvalid: the lake's files do not tell how events are read.
        """
        self._published.need("customer_segments", "user_features")
        with self._lock:
            if self._known is None or not self._known.is_current():
                self._known = KnownShop(self._published.lake, self._published.settings)
            return self._known
