"""Whether coverage is measured right: a forecast that is the truth's own distribution covers what it says."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from footfall.forecast import LEVELS, QUANTILES, coverage

ROWS = 40_000


def told(quantiles: np.ndarray, truth: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(quantiles, columns=list(QUANTILES)).assign(actual=truth, is_closed=False)


def of_shares(nothing: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Days with nothing, of a share that is known, and sales that follow a gamma distribution."""
    levels = np.clip((np.array(LEVELS) - nothing[:, None]) / (1 - nothing[:, None]), 0, 1)
    truth = np.where(rng.random(ROWS) < nothing, 0.0, rng.gamma(1.5, 1.0, ROWS))
    return told(stats.gamma.ppf(levels, 1.5), truth)


def test_amounts() -> None:
    rng = np.random.default_rng(0)
    found = coverage(told(np.tile(stats.norm.ppf(LEVELS), (ROWS, 1)), rng.normal(size=ROWS))).mean()
    assert found.to_dict() == {80: pytest.approx(0.8, abs=0.01), 95: pytest.approx(0.95, abs=0.005)}


def test_series_that_often_have_nothing() -> None:
    """The usual count of hits says 0.90 and 0.975, whatever the share: 0 is always inside."""
    rng = np.random.default_rng(1)
    rows = of_shares(rng.random(ROWS), rng)
    is_hit = (rows.actual >= rows.q100) & (rows.actual <= rows.q900)
    assert is_hit.mean() == pytest.approx(0.9, abs=0.01)
    found = coverage(rows).mean()
    assert found.to_dict() == {80: pytest.approx(0.8, abs=0.01), 95: pytest.approx(0.95, abs=0.005)}


def test_counts() -> None:
    rng = np.random.default_rng(2)
    rates = rng.lognormal(-1, 1.5, ROWS)
    quantiles = stats.poisson.ppf(np.array(LEVELS)[None], rates[:, None])
    found = coverage(told(quantiles, rng.poisson(rates).astype(float))).mean()
    assert found.to_dict() == {80: pytest.approx(0.8, abs=0.015), 95: pytest.approx(0.95, abs=0.01)}


def test_too_narrow_is_seen() -> None:
    rng = np.random.default_rng(3)
    rows = of_shares(rng.random(ROWS), rng)
    rows[["q900", "q975"]] *= 0.6
    assert coverage(rows)[80].mean() < 0.77
