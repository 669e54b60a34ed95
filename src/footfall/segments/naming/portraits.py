"""A segment's few facts that a name can be built on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from footfall.segments.measures import Measure

_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Portrait:
    """One segment beside its base. A feature that is missing or never defined is NaN: comparisons with it are false.

    Attributes:
        mean: by feature, the mean over the segment.
        median: by feature, the median over the segment.
        base_mean: by feature, the mean over the users that it was divided from.
        base_median: by feature, their median.
        ease: how much easier all thresholds are: 1.25 makes "at least 100" of it "at least 80".
    """

    mean: dict[str, float]
    median: dict[str, float]
    base_mean: dict[str, float]
    base_median: dict[str, float]
    ease: float = 1.0

    def eased(self, ease: float) -> "Portrait":
        """The same facts, held to easier thresholds (or, below 1, to harder ones)."""
        return replace(self, ease=ease)

    def at_least(self, value: float, threshold: float) -> bool:
        """Whether a value reaches a threshold, eased."""
        return value >= threshold / self.ease

    def at_most(self, value: float, threshold: float) -> bool:
        """Whether a value stays below a threshold, eased."""
        return value <= threshold * self.ease

    def typical(self, feature: str) -> float:
        """The median over the segment."""
        return self.median.get(feature, _UNKNOWN)

    def base(self, feature: str) -> float:
        """The median over the base."""
        return self.base_median.get(feature, _UNKNOWN)

    def times(self, feature: str) -> float:
        """The segment's mean as a multiple of the base's."""
        base = self.base_mean.get(feature, _UNKNOWN)
        return self.mean[feature] / base if base > 0 else _UNKNOWN

    @property
    def buys(self) -> bool:
        """The typical user has bought."""
        return self.typical("orders") >= 1

    @property
    def spends_much(self) -> bool:
        """Spends well above the average."""
        return self.at_least(self.times("spend"), 1.5)

    @property
    def is_away(self) -> bool:
        """Not seen for 30 days or more, and twice as long as the typical user."""
        return self.at_least(self.typical("recency_days"), max(30.0, 2 * self.base("recency_days")))

    @property
    def is_new(self) -> bool:
        """First seen at most two weeks ago and half as long ago as the typical user."""
        return self.at_most(self.typical("tenure_days"), min(14.0, 0.5 * self.base("tenure_days")))


def portraits(measures: Sequence[Measure], k: int) -> list[Portrait]:
    """Draw each of k segments, given the measures of all features."""
    return [
        Portrait(
            mean={one.feature: float(one.mean[segment]) for one in measures},
            median={one.feature: float(one.median[segment]) for one in measures},
            base_mean={one.feature: one.base_mean for one in measures},
            base_median={one.feature: one.base_median for one in measures},
        )
        for segment in range(k)
    ]
