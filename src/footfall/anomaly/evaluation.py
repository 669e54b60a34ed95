"""How good anomaly scores are, where someone has labelled what is anomalous."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# The default of the authors' packages, so that figures can be compared; a short series is not all buffer.
WINDOW, LARGEST_SHARE = 100, 10
THRESHOLDS = 250
TOLERANCE = 3


@dataclass(frozen=True)
class Evaluation:
    """Scores against labels.

    Args:
        rows: scored.
        events: runs of label 1.
        alerts: runs of scores at or above the threshold.
        precision: share of alerts that touch an event or the tolerance after it; None where there is no alert.
        recall: share of events with an alert inside or in the tolerance after; None where there is no event.
        delay_rows: median rows from the onset of a found event to its first alert; None where none is found.
        delay: the same in the unit of the time stamps: seconds for moments, else what is in the file.
        vus_pr: volume under the surface of range-based precision and recall, 0 to 1; None where there is no event.
    """

    rows: int
    events: int
    alerts: int
    precision: float | None
    recall: float | None
    delay_rows: float | None
    delay: float | None
    vus_pr: float | None


def evaluate(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    threshold: float,
    times: npt.ArrayLike | None = None,
    tolerance: int = TOLERANCE,
    window: int | None = None,
) -> Evaluation:
    """Precision, recall and delay of alerts, and VUS-PR of scores.

    An event is found by an alert inside it or in the `tolerance` rows after its end: who watches a stream can often be
    sure of a point only once it has passed.

    Args:
        labels: 1 where anomalous, else 0.
        scores: higher is more anomalous.
        threshold: at or above it is an alert.
        times: numbers (seconds, or an index), for the delay in time.
        tolerance: rows after an event that still count as it.
        window: see `vus_pr`.

    >>> evaluate([0, 0, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0, 0, 1], threshold=0.5).precision
    0.5
    """
    labelled, scored = np.asarray(labels) == 1, np.asarray(scores, float)
    alerts, events = runs(scored >= threshold), runs(labelled)
    first = first_alerts(events, alerts, tolerance)
    found = first >= 0
    onsets = events[found, 0]
    clock = None if times is None else np.asarray(times, float)
    return Evaluation(
        rows=len(scored),
        events=len(events),
        alerts=len(alerts),
        precision=float((first_alerts(alerts, events, 0, before=tolerance) >= 0).mean()) if len(alerts) else None,
        recall=float(found.mean()) if len(events) else None,
        delay_rows=_median(first[found] - onsets),
        delay=None if clock is None else _median(clock[first[found]] - clock[onsets]),
        vus_pr=vus_pr(labelled, scored, window) if len(events) else None,
    )


def pooled(parts: Sequence[Evaluation]) -> Evaluation:
    """Many series as one: events and alerts are counted together; delays and VUS-PR are medians and means of series."""

    def mean(values: list[tuple[float, int]]) -> float | None:
        weight = sum(weight for _, weight in values)
        return sum(value * weight for value, weight in values) / weight if weight else None

    return Evaluation(
        rows=sum(one.rows for one in parts),
        events=sum(one.events for one in parts),
        alerts=sum(one.alerts for one in parts),
        precision=mean([(one.precision, one.alerts) for one in parts if one.precision is not None]),
        recall=mean([(one.recall, one.events) for one in parts if one.recall is not None]),
        delay_rows=_median([one.delay_rows for one in parts if one.delay_rows is not None]),
        delay=_median([one.delay for one in parts if one.delay is not None]),
        vus_pr=mean([(one.vus_pr, 1) for one in parts if one.vus_pr is not None]),
    )


def runs(flags: npt.NDArray[np.bool_]) -> Ints:
    """First and last row of each run of true: shape (runs, 2).

    >>> runs(np.array([True, False, True, True])).tolist()
    [[0, 0], [2, 3]]
    """
    edges = np.diff(np.r_[0, flags.astype(np.int8), 0])
    return np.column_stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1])


def first_alerts(events: Ints, alerts: Ints, after: int, *, before: int = 0) -> Ints:
    """The first row of any alert in each event, with `before` and `after` rows around it; -1 where there is none."""
    low, high = events[:, 0] - before, events[:, 1] + after
    which = np.searchsorted(alerts[:, 1], low)
    starts = np.r_[alerts[:, 0], np.iinfo(np.int64).max][which]
    return np.where(starts <= high, np.maximum(starts, low), -1)


def vus_pr(labels: npt.ArrayLike, scores: npt.ArrayLike, window: int | None = None) -> float:
    """Volume under the surface of range-based precision and recall.

    Each event gets a buffer of half a window on both sides, where a label falls as sqrt(1 - distance / window). Recall
    is the share of labels that are found times the share of (merged) events that are touched at all. The area under
    precision over recall is the mean over all windows from 0 to `window`.

    Source: Paparrizos, Boniol, Palpanas, Tsay, Elmore, Franklin: Volume Under the Surface, PVLDB 15(11), 2022. As in
    the authors' package TSB-AD, thresholds are the scores at 250 evenly spaced ranks, and the area is a sum of steps.
    Their older package `vus` gives other figures (by up to 0.08 on small examples).

    Args:
        labels: 1 where anomalous, else 0; at least one is 1.
        scores: higher is more anomalous.
        window: the largest, in rows. None is the authors' default of 100, but at most a tenth of the rows.

    Raises:
        ValueError: there is no event, or scores are not as many as labels.
    """
    labelled, scored = np.asarray(labels) == 1, np.asarray(scores, float)
    if not labelled.any() or len(labelled) != len(scored):
        raise ValueError(f"{labelled.sum():,} of {len(labelled):,} labels are 1, and there are {len(scored):,} scores")
    largest = min(WINDOW, len(scored) // LARGEST_SHARE) if window is None else window
    events = runs(labelled)
    ranked = -np.sort(-scored)[np.linspace(0, len(scored) - 1, THRESHOLDS).astype(int)]
    # From which threshold on a row is an alert.
    since = np.searchsorted(-ranked, -scored, side="left")
    areas = [_area(events, labelled, since, width) for width in range(largest + 1)]
    return float(np.mean(areas))


def _area(events: Ints, labelled: npt.NDArray[np.bool_], since: Ints, width: int) -> float:
    """Area under precision over recall, for one width of the buffers."""
    rows, weights = _buffers(events, labelled, width)
    inside = _by_threshold(since[labelled])
    around = _by_threshold(since[rows], weights)
    alerts = _by_threshold(since)
    touched = _by_threshold(_earliest(_merged(events, width // 2, len(since)), since))
    recall = np.minimum((inside + around) / (labelled.sum() + around / 2), 1) * touched / touched[-1]
    precision = (inside + around) / alerts
    return float(np.diff(recall, prepend=0.0) @ precision)


def _buffers(events: Ints, labelled: npt.NDArray[np.bool_], width: int) -> tuple[Ints, Floats]:
    """Rows around events, and their labels: where buffers overlap they add up to 1 at most."""
    away = np.arange(1, width // 2 + 1)
    rows = np.concatenate([(events[:, [1]] + away).ravel(), (events[:, [0]] - away).ravel()])
    weights = np.tile(np.sqrt(1 - away / max(width, 1)), 2 * len(events))
    is_free = (rows >= 0) & (rows < len(labelled))
    is_free[is_free] = ~labelled[rows[is_free]]
    unique, where = np.unique(rows[is_free], return_inverse=True)
    return unique, np.minimum(np.bincount(where, weights[is_free], len(unique)), 1.0)


def _merged(events: Ints, half: int, size: int) -> Ints:
    """Events with their buffers, those that overlap as one."""
    apart = events[:-1, 1] + half < events[1:, 0] - half
    starts, ends = np.r_[True, apart], np.r_[apart, True]
    return np.column_stack([np.maximum(events[starts, 0] - half, 0), np.minimum(events[ends, 1] + half, size - 1)])


def _earliest(spans: Ints, since: Ints) -> Ints:
    """The lowest of `since` in each span; spans do not overlap."""
    bounds = np.column_stack([spans[:, 0], spans[:, 1] + 1]).ravel()
    return np.minimum.reduceat(np.r_[since, THRESHOLDS], bounds)[::2]


def _by_threshold(since: Ints, weights: Floats | None = None) -> Any:
    return np.cumsum(np.bincount(since, weights, THRESHOLDS + 1)[:THRESHOLDS])


def _median(values: Any) -> float | None:
    return float(np.median(values)) if len(values) else None
