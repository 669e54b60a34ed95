"""How small a p-value must be, so that false alerts stay within what the policy allows over all series and hours."""

import numpy as np
import numpy.typing as npt

from footfall.anomaly.expectation import WEEK
from footfall.anomaly.policy import Budget

Array = npt.NDArray[np.float64]

FALSE_ALERTS_PER_WEEK = 5.0


class Threshold:
    """The largest p-value that is an alert, hour by hour.

    A number of false alerts a week is divided by the tests of a week (the expected number of false rejections;
    Gordon et al. 2007). A false-discovery rate is that of Benjamini and Hochberg (1995) over all tests
    of the last week: rates that remember less are what an endless stream needs (Rebjock et al. 2021).

    Hours in alarm are not learnt from, so that failures do not hide the next ones. What was chance among them is
    missing in the tail too: on pure noise, and if nothing were too small to be told, about twice as many would come.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.small = np.zeros((0, 2))  # hours and p-values that may be discoveries
        self.tests = np.zeros(WEEK)
        self.hours = 0

    def after(self, p_values: Array) -> float:
        """For an hour with these p-values (null ones were not tested)."""
        tested = p_values[np.isfinite(p_values)]
        rate = self._budget.false_discovery_rate
        if rate is None:
            allowed = self._budget.false_alerts_per_week or FALSE_ALERTS_PER_WEEK
            return allowed / (WEEK * max(tested.size, 1))
        new = tested[tested < rate]
        self.hours += 1
        self.tests[self.hours % WEEK] = tested.size
        self.small = np.concatenate([self.small, np.stack([np.full_like(new, self.hours), new], axis=1)])
        self.small = self.small[self.small[:, 0] > self.hours - WEEK]
        each = rate / max(self.tests.sum(), 1.0)
        every = np.sort(self.small[:, 1])
        passed = np.flatnonzero(every <= each * np.arange(1, len(every) + 1))
        return float(each * (passed[-1] + 1 if len(passed) else 1))
