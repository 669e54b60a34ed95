"""With a false-discovery rate for budget, an alarm that lasts is one discovery."""

import numpy as np
import pytest

from footfall.anomaly import Budget, Hour, Kin, Policy, Watch, limits_of

WEEKS, USUAL = 4, 200.0


def watch(series: int) -> Watch:
    limits = limits_of(Policy(), ["value"] * series, np.zeros(series, bool))
    return Watch(Kin.strangers([str(n) for n in range(series)]), limits, Budget(false_discovery_rate=0.1))


@pytest.mark.parametrize("hours_out", [1, 12])
def test_a_longer_failure_allows_no_larger_p_values(hours_out: int) -> None:
    series, rng = 20, np.random.default_rng(3)
    ours = watch(series)
    for number in range(WEEKS * 168 + hours_out):
        values = rng.poisson(USUAL, series).astype(float)
        if number >= WEEKS * 168:
            values[:3] = 0.0
        ours.judge(number, Hour(number % 168), values, np.zeros(series, bool))
    assert ours.alarms.is_on[:3].all()
    small = ours.alarms.threshold.small
    outs = small[(small[:, 0] > WEEKS * 168) & (small[:, 1] < 1e-6)]
    assert len(outs) == 3
