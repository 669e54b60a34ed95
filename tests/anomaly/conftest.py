"""A shop of strangers after six weeks: learnt once, copied for each test."""

import pytest
from hourly import LEVELS, Shop, learnt, strangers

from footfall.anomaly import Budget


@pytest.fixture(scope="session")
def after_six_weeks() -> Shop:
    """With one false alert in ten weeks: so few series would have five a week at p-values of 0.002."""
    return learnt(strangers(len(LEVELS), budget=Budget(false_alerts_per_week=0.1)), LEVELS)


@pytest.fixture
def shop(after_six_weeks: Shop) -> Shop:
    return after_six_weeks.copy()
