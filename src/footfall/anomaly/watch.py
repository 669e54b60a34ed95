"""Everything that is remembered of watched series, and what an hour does to it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.anomaly.alarms import Alarms, Changes, Limits
from footfall.anomaly.baseline import Forecast, Forecaster
from footfall.anomaly.budget import Threshold
from footfall.anomaly.detector import Detector, Scores
from footfall.anomaly.incidents import Event, Incident, Incidents
from footfall.anomaly.kin import Kin
from footfall.anomaly.occasions import Hour
from footfall.anomaly.policy import Budget

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """What an hour gave: scores of all series, alarms, and incidents with something to tell."""

    number: int
    scores: Scores
    changes: Changes
    events: list[tuple[Incident, Event]]


class Watch:
    """Watches series, hour after hour.

    Args:
        kin: the series.
        limits: what an alert of each needs.
        budget: how often an alert may be false.
        seed: of the random breaking of ties.
        forecaster: says what to expect instead of the fast model.
    """

    def __init__(
        self, kin: Kin, limits: Limits, budget: Budget, seed: int = 0, forecaster: Forecaster | None = None
    ) -> None:
        self.kin = kin
        expectation = Forecast(len(kin), forecaster) if forecaster else None
        self.detector = Detector(kin.metrics, seed, expectation)
        self.alarms = Alarms(len(kin), limits, Threshold(budget))
        self.incidents = Incidents(kin)

    @property
    def last(self) -> int:
        """Number of the last hour that was judged; 0 before the first."""
        return self.alarms.last

    @property
    def recent(self) -> list[Incident]:
        """Incidents that are open, or may go on."""
        return self.incidents.recent

    @recent.setter
    def recent(self, known: list[Incident]) -> None:
        self.incidents.recent = known

    def judge(self, number: int, hour: Hour, values: Array, missing: Bools) -> Judged:
        """Judge an hour that is over, and learn from it.

        Args:
            number: of the hour, greater than that of the hour before.
            hour: which hour it is.
            values: by series; null where nothing is known or the shop is closed.
            missing: series of which data should have come and did not.

        Raises:
            ValueError: the hour, or a later one, was judged before.
        """
        scores = self.detector.judge(number, hour, values)
        self.alarms.last = number
        changes = self.alarms.follow(hour, scores, missing, self.detector)
        events = self.incidents.follow(number, changes, scores, self.detector)
        self.alarms.release(self.incidents.let_go(), self.detector)
        # What happens in a part of a failing whole is no chance, also where it alone is too small to be told.
        self.detector.learn(self.kin.with_parts(self.alarms.is_on))
        self.alarms.settle(changes, self.detector)
        return Judged(number, scores, changes, events)
