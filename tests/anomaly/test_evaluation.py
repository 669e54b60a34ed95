"""Alerts against events, and VUS-PR against a slow version that follows the paper line by line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.anomaly.evaluation import evaluate, pooled, runs, vus_pr


def slow_vus_pr(labels, scores, window):
    """The definition, with loops."""
    size, areas = len(labels), []
    events = [(int(a), int(b)) for a, b in runs(labels == 1)]
    thresholds = [sorted(scores, reverse=True)[int(at)] for at in np.linspace(0, size - 1, 250)]
    for width in range(window + 1):
        soft = labels.astype(float)
        for first, last in events:
            for away in range(1, width // 2 + 1):
                for row in (first - away, last + away):
                    if 0 <= row < size:
                        soft[row] = min(1.0, soft[row] + np.sqrt(1 - away / width))
        spans = []
        for first, last in events:
            low, high = first - width // 2, last + width // 2
            if spans and low <= spans[-1][1]:
                spans[-1][1] = high
            else:
                spans.append([low, high])
        area = before = 0.0
        for threshold in thresholds:
            alert = scores >= threshold
            hits = (soft * alert).sum()
            positives = (labels.sum() + labels.sum() + (soft * alert * (labels == 0)).sum()) / 2
            seen = np.mean([alert[max(low, 0) : high + 1].any() for low, high in spans])
            recall = min(hits / positives, 1) * seen
            area += (recall - before) * hits / alert.sum()
            before = recall
        areas.append(area)
    return np.mean(areas)


@settings(max_examples=30, deadline=None)
@given(
    labels=st.lists(st.integers(0, 1), min_size=3, max_size=60).filter(any),
    window=st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_vus_pr_is_what_the_paper_says(labels, window, seed):
    # Ties among scores are wanted.
    scores = np.random.default_rng(seed).integers(0, 8, len(labels)).astype(float)
    assert vus_pr(labels, scores, window) == pytest.approx(slow_vus_pr(np.array(labels), scores, window), abs=1e-12)


def test_perfect_and_random_scores():
    labels = np.zeros(5000)
    labels[2000:2200] = 1
    assert vus_pr(labels, labels, window=0) == 1
    assert vus_pr(labels, np.random.default_rng(0).random(5000), window=0) == pytest.approx(0.04, abs=0.01)
    assert vus_pr(labels, -labels, window=0) < 0.05


def test_precision_recall_and_delay():
    #                  two events of three;     a false alert
    labels = np.array([0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    scores = np.array([0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])
    found = evaluate(labels, scores, threshold=0.5, times=60 * np.arange(14), tolerance=1)
    assert (found.events, found.alerts) == (3, 3)
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)
    assert (found.delay_rows, found.delay) == (1.5, 90)


def test_tolerance_is_after_an_event_only():
    labels, early, late = np.array([0, 0, 1, 0, 0]), np.array([0, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 0])
    assert evaluate(labels, early, threshold=1, tolerance=3).recall == 0
    assert evaluate(labels, late, threshold=1, tolerance=3).recall == 1
    assert evaluate(labels, late, threshold=1, tolerance=0).precision == 0


def test_an_alert_that_goes_on_finds_the_next_event_at_its_onset():
    labels, scores = np.array([0, 1, 0, 0, 1, 0]), np.array([0, 1, 1, 1, 1, 1])
    found = evaluate(labels, scores, threshold=1, tolerance=0)
    assert (found.recall, found.precision, found.delay_rows) == (1, 1, 0)


def test_without_events_or_alerts_nothing_is_claimed():
    quiet = evaluate(np.zeros(9), np.zeros(9), threshold=0.5)
    assert (quiet.precision, quiet.recall, quiet.delay_rows, quiet.vus_pr) == (None, None, None, None)


def test_series_are_pooled_by_their_events():
    one = evaluate([0, 1, 0, 1], [0, 1, 0, 0], threshold=1, tolerance=0)
    other = evaluate([0, 1, 0, 0], [0, 1, 0, 0], threshold=1, tolerance=0)
    assert pooled([one, other]).recall == pytest.approx(2 / 3)
    assert pooled([one, other]).rows == 8


@pytest.mark.parametrize(("labels", "scores"), [([0, 0], [0, 1]), ([0, 1], [0, 1, 2])])
def test_a_volume_needs_an_event_and_a_score_for_each_label(labels, scores):
    with pytest.raises(ValueError, match="labels are 1"):
        vus_pr(labels, scores)
