"""A segment's few facts that a name can be built on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.segments.measures import Measure

Counts = npt.NDArray[np.int64]
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Portrait:
    """One segment beside the base. A feature that is missing or never defined is NaN, so comparisons with it are false.

    Attributes:
        mean: by feature, the mean over the segment.
        median: by feature, the median over the segment.
        base_mean: by feature, the mean over all users.
        base_median: by feature, the median over all users.
        buyers_spend: mean spend over all segments whose typical user buys.
    """

    mean: dict[str, float]
    median: dict[str, float]
    base_mean: dict[str, float]
    base_median: dict[str, float]
    buyers_spend: float

    def typical(self, feature: str) -> float:
        """The median over the segment."""
        return self.median.get(feature, _UNKNOWN)

    def base(self, feature: str) -> float:
        """The median over all users."""
        return self.base_median.get(feature, _UNKNOWN)

    def times_base(self, feature: str) -> float:
        """The segment's mean as a multiple of all users' mean."""
        base = self.base_mean.get(feature, _UNKNOWN)
        return self.mean[feature] / base if base > 0 else _UNKNOWN

    @property
    def buys(self) -> bool:
        """The typical user has bought."""
        return self.typical("orders") >= 1

    @property
    def spends_much(self) -> bool:
        """Well above the buyers' average: the base would not do where most users never buy."""
        return self.buys and self.mean.get("spend", _UNKNOWN) >= 1.5 * self.buyers_spend

    @property
    def is_away(self) -> bool:
        """Not seen for 30 days or more, and twice as long as the typical user."""
        return self.typical("recency_days") >= max(30.0, 2 * self.base("recency_days"))

    @property
    def is_new(self) -> bool:
        """First seen at most two weeks ago and half as long ago as the typical user."""
        return self.typical("tenure_days") <= min(14.0, 0.5 * self.base("tenure_days"))


def portraits(measures: Sequence[Measure], users: Counts) -> list[Portrait]:
    """Draw every segment, given the measures of all features and the users of each segment."""
    spend = _buyers_spend(measures, users)
    return [
        Portrait(
            mean={one.feature: float(one.mean[segment]) for one in measures},
            median={one.feature: float(one.median[segment]) for one in measures},
            base_mean={one.feature: one.base_mean for one in measures},
            base_median={one.feature: one.base_median for one in measures},
            buyers_spend=spend,
        )
        for segment in range(len(users))
    ]


def _buyers_spend(measures: Sequence[Measure], users: Counts) -> float:
    by_name = {one.feature: one for one in measures}
    if not {"orders", "spend"} <= by_name.keys():
        return _UNKNOWN
    buying = np.where(by_name["orders"].median >= 1, users, 0)
    # A segment without a known value weighs nothing, and NaN times nothing would still be NaN.
    return float(np.nan_to_num(by_name["spend"].mean) @ buying / buying.sum()) if buying.sum() else _UNKNOWN
