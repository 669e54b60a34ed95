"""Anyone's own series: scores of a file, and how good scores are where a file has labels."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from footfall.anomaly.evaluation import Evaluation, evaluate, pooled
from footfall.anomaly.plain import THRESHOLD, numbers, read_plain, score_online
from footfall.errors import SourceUnreadable
from footfall.pipeline.progress import Progress, Silence

_OURS, _THEIRS = "footfall", "score column"


@dataclass(frozen=True)
class Judged:
    """Detectors on the series of a file.

    Args:
        scores: the rows of the file in its order: `series_id`, `timestamp`, `value`, `label`, `score`.
        by_series: detector, series, and how good its scores are.
        over_all: the same over all series, by detector.
        threshold: at or above it is an alert, by detector.
    """

    scores: pd.DataFrame
    by_series: list[tuple[str, str, Evaluation]]
    over_all: dict[str, Evaluation]
    threshold: dict[str, float]

    def summary(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        return {
            "threshold": self.threshold,
            "series": [{"detector": who, "series_id": name} | asdict(found) for who, name, found in self.by_series],
            "over_all": {who: asdict(found) for who, found in self.over_all.items()},
        }


def score_file(file: Path, progress: Progress | None = None) -> pd.DataFrame:
    """Each row of a file with its score: `timestamp` (as in the file), `value`, `score`; rows as in the file.

    Raises:
        SourceUnreadable: the file has no `timestamp` and `value`.
    """
    rows = read_plain(file)
    return rows[["timestamp", "value"]].assign(score=_score(rows.value, file.name, progress))


def judge_file(
    file: Path,
    *,
    threshold: float = THRESHOLD,
    their_threshold: float | None = None,
    tolerance: int,
    window: int | None = None,
    progress: Progress | None = None,
) -> Judged:
    """Score the labelled series of a file, and say how good the scores are; those of a `score` column beside them.

    Args:
        file: columns `timestamp`, `value`, `label` (0 or 1); `series_id` and `score` (of another detector) if there.
        threshold: from which of our scores on there is an alert.
        their_threshold: the same for the `score` column. None is the one with which it raises as many alerting rows as
            rows are labelled: generous to it, as only the labels tell it.
        tolerance: rows after an event that still count as it.
        window: of VUS-PR, in rows; see `vus_pr`.
        progress: told how far it is.

    Raises:
        SourceUnreadable: a column is missing or holds what it must not.
    """
    rows = _labelled(file)
    ours = [_score(part.value, str(name), progress) for name, part in rows.groupby("series_id", sort=False)]
    rows = rows.assign(ours=pd.concat(ours))
    detectors = {_OURS: ("ours", threshold)}
    if "theirs" in rows:
        detectors[_THEIRS] = ("theirs", _as_many(rows) if their_threshold is None else their_threshold)
    found = list(_judge(rows, detectors, tolerance, window))
    return Judged(
        rows[["series_id", "timestamp", "value", "label", "ours"]].rename(columns={"ours": "score"}),
        found,
        {who: pooled([one for name, _, one in found if name == who]) for who in detectors},
        {who: limit for who, (_, limit) in detectors.items()},
    )


def _judge(
    rows: pd.DataFrame, detectors: dict[str, tuple[str, float]], tolerance: int, window: int | None
) -> Iterator[tuple[str, str, Evaluation]]:
    for name, part in rows.groupby("series_id", sort=False):
        for who, (column, threshold) in detectors.items():
            found = evaluate(
                part.label, part[column], threshold=threshold, times=part.seconds, tolerance=tolerance, window=window
            )
            yield who, str(name), found


def _labelled(file: Path) -> pd.DataFrame:
    rows = read_plain(file)
    if "label" not in rows:
        raise SourceUnreadable(
            f"{file}, line 1: there is no column label, but {', '.join(rows.columns.drop('seconds'))}; "
            "add one that is 1 where a row is anomalous and 0 elsewhere"
        )
    labels = numbers(file, rows["label"], "label")
    wrong = ~labels.isin([0, 1])
    if wrong.any():
        line = int(wrong.to_numpy().argmax())
        found = rows.label[line] if isinstance(rows.label[line], str) else ""
        raise SourceUnreadable(f'{file}, line {line + 2}: label is "{found}" and must be 0 or 1')
    names = rows.series_id.fillna("") if "series_id" in rows else file.stem
    labelled = rows[["timestamp", "value", "seconds"]].assign(label=labels.astype(int), series_id=names)
    if "score" not in rows:
        return labelled
    # A row that a detector leaves without a score is one it finds usual.
    theirs = numbers(file, rows["score"], "score")
    return labelled.assign(theirs=theirs.fillna(theirs.min() if theirs.notna().any() else 0.0))


def _as_many(rows: pd.DataFrame) -> float:
    labelled = max(int(rows.label.sum()), 1)
    return float(np.sort(rows.theirs)[-labelled])


def _score(values: pd.Series, name: str, progress: Progress | None) -> pd.Series:
    with (progress or Silence()).bytes(f"scoring {name}", total=len(values)) as advance:
        return pd.Series(score_online(values.to_numpy(), lambda done: advance(done, None)), values.index)
