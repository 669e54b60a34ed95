"""How good are the online scores of anyone's own series? Labelled series of ten kinds, Footfall beside seven others.

    python benchmarks/own_series.py [--seeds 8] [--no-peers] [--development]

What the series are, and what happens in them, stands in own_series_drawn.py, which knows no detector. From each seed
one series of each kind is drawn in which something happens, and one in which nothing does. Constants of Footfall were
chosen on seeds from 0 on (--development); the table is of seeds from 1,000 on, which served for nothing else.

VUS-PR is that of `footfall evaluate-detector`, and needs no threshold: the mean over series. A false alarm is a run of
rows with a score at or above the recommended threshold in a series in which nothing happens, from its 500th row on.

All judge a row before they see the next. Rows that were never written do not exist; where a value is missing the others
get the last known one. Spectral residual, the z-score and PyOD on lags are those of peers/anomaly_detectors.py; PyOD
learns from up to 2,500 rows before, every 250. A difference is that to the row before, in standard deviations.
"""

import argparse
import os
import platform
import time
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from footfall.anomaly.evaluation import runs, vus_pr
from footfall.anomaly.plain import THRESHOLD, score_online
from own_series_drawn import KINDS, drawn
from peers.anomaly_detectors import Known, pyod_anomstack, pyod_day, rolling_z, spectral_residual

Array = npt.NDArray[np.float64]
HELD_OUT, REFIT, JUDGED_FROM, CERTAIN = 1000, 250, 500, 0.99


def difference(known: Known) -> Array:
    """Of a row to the one before, above six standard deviations of the differences so far."""
    steps = pd.Series(known.values).diff().abs()
    usual = np.sqrt(np.square(steps).shift(1).expanding(2).mean())
    return (steps / (6 * usual.where(usual > 0, np.inf))).to_numpy()


def chance(known: Known) -> Array:
    """Knows nothing."""
    return np.random.default_rng(0).random(len(known.values))


PEERS: dict[str, Callable[[Known], Array]] = {
    "PyOD, 24 lags": pyod_day,
    "PyOD as in Anomstack": pyod_anomstack,
    "rolling z-score": rolling_z,
    "spectral residual": spectral_residual,
    "difference": difference,
    "chance": chance,
}


def judged(kind: str, seed: int, names: list[str]) -> list[dict[str, object]]:
    """What each detector made of a series in which something happens, and of one in which nothing does."""
    found = []
    for clean in (False, True):
        series = drawn(kind, seed, clean=clean)
        values = pd.Series(series.values).ffill().bfill().to_numpy()
        known = Known(values, np.arange(len(values)), np.zeros(len(values), int), REFIT, REFIT)
        for name in names:
            began = time.process_time()
            with threadpool_limits(1), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of PyOD, about constant columns
                scores = PEERS[name](known) if name in PEERS else score_online(series.values) / THRESHOLD
                scores = np.nan_to_num(scores, nan=0.0, posinf=1e9)
            seconds = time.process_time() - began
            row = {"kind": kind, "detector": name, "clean": clean, "rows": len(values), "seconds": seconds}
            late = scores[JUDGED_FROM:]
            row |= {"alarms": len(runs(late >= 1)), "certain": len(runs(late * THRESHOLD > CERTAIN))}
            found.append(row | ({} if clean else {"vus_pr": vus_pr(series.labels, scores)}))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8, help="series of each kind, with and without anomalies")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--development", action="store_true", help="the seeds that constants were chosen on")
    asked = parser.parse_args()
    first = 0 if asked.development else HELD_OUT
    names = ["Footfall", *(PEERS if asked.peers else ())]
    parts = Parallel(n_jobs=2)(
        delayed(judged)(kind, seed, names) for seed in range(first, first + asked.seeds) for kind in KINDS
    )
    print(*table(pd.DataFrame([row for part in parts for row in part]), names), sep="\n")
    print(
        f"\n{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB, Python {platform.python_version()}"
    )


def table(rows: pd.DataFrame, names: list[str]) -> list[str]:
    """VUS-PR by kind and detector, then false alarms and seconds."""
    lines = [f"| VUS-PR | {' | '.join(names)} |", f"| --- | {' | '.join(['---:'] * len(names))} |"]
    busy, clean = rows[~rows.clean], rows[rows.clean]
    by_kind = busy.pivot_table(index="kind", columns="detector", values="vus_pr")
    lines += [_line(kind, [f"{by_kind.loc[kind, name]:.3f}" for name in names]) for kind in KINDS]
    lines.append(_line("**mean**", [f"{by_kind[name].mean():.3f}" for name in names]))

    def rate(column: str, name: str) -> float:
        one = clean[clean.detector == name]
        return 1000 * one[column].sum() / (one.rows - JUDGED_FROM).sum()

    lines.append(_line("false alarms in 1,000 clean rows", [f"{rate('alarms', name):.2f}" for name in names]))
    if "Footfall" in names:
        lines.append(
            _line("the same above a score of 0.99", [f"{rate('certain', 'Footfall'):.2f}", *[""] * (len(names) - 1)])
        )
    cost = rows.groupby("detector")[["seconds", "rows"]].sum()
    lines.append(
        _line("CPU seconds for 1,000 rows", [f"{1000 * cost.seconds[name] / cost.rows[name]:.2f}" for name in names])
    )
    return lines


def _line(name: str, cells: list[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
