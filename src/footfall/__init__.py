"""Footfall: raw shop events in; customer segments, forecasts and anomaly alerts out.

>>> import footfall
>>> footfall.__version__.count(".")
2
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from footfall.facade import OpenLake

__all__ = ["__version__", "open"]


def open(lake: str = "lake", **settings: Any) -> "OpenLake":  # noqa: A001 - reads as footfall.open("lake")
    """Open a lake, or the place where the first run will make one.

    Args:
        lake: its folder.
        settings: any setting of `footfall.toml`, such as `engine="spark"` or `k=4`.
    """
    from footfall.facade import OpenLake  # noqa: PLC0415 - keeps `import footfall` instant

    return OpenLake(lake, settings)
