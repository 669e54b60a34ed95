"""Do segments stay the same from month to month? One table for each number of segments.

    python benchmarks/segments_over_time.py online_retail_II.csv [--k auto 2+1 3+1] [--out table.md]

The shop's features as of the first of every month; each month's model goes on from the month before. Three questions:

- identity: how many users does the new model put into the segment that the old model, asked about the same users on the
  same day, puts them in? What is left is what refitting does;
- stay: how many of those who were there a month ago are in the same segment as then? What is left is refitting, and
  what users did since;
- other seed: a fit with another seed, from the same old model: how many users are in the same segment?
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import footfall
from footfall.pipeline.run import run_features
from footfall.segments import SegmentModel, choose, fit, k_selection, numbers_chosen
from footfall.segments.identity import overlaps
from footfall.segments.scoring import place_users
from footfall.settings import load_settings

LEAST_SHARE = 0.005


@dataclass(frozen=True)
class Month:
    """One refit."""

    as_of: str
    users: int
    numbers: str
    overlaps: tuple[float, ...]
    identity: float
    stay: float
    other_seed: float


def months(first: datetime, last: datetime) -> Iterator[datetime]:
    """The first of every month, both ends included."""
    while first <= last:
        yield first
        first = datetime(first.year + first.month // 12, first.month % 12 + 1, 1)


def model_of(features: pa.Table, k: str, last: SegmentModel | None, seed: int) -> SegmentModel:
    """As `footfall segments --k K` fits it."""
    if k != "auto":
        parts = tuple(map(int, k.split("+")))
        return fit(features, k=parts if len(parts) == 2 else parts[0], seed=seed, last=last)
    table = k_selection(choose(features, seed=seed), resamples=200, as_of=datetime(2020, 1, 1))
    return fit(features, k=numbers_chosen(table, last.numbers if last else None), seed=seed, last=last)


def ids(model: SegmentModel, features: pa.Table) -> np.ndarray:
    """Each user's segment."""
    return np.array([segment.id for segment in model.segments])[place_users(model, features).label]


def compared(
    as_of: datetime, before: pa.Table, features: pa.Table, last: SegmentModel, k: str
) -> tuple[Month, SegmentModel]:
    """Refit, and hold against the month before."""
    model = model_of(features, k, last, seed=0)
    old, new = place_users(last, features).label, place_users(model, features).label
    best = overlaps(old, new, (last.k, model.k)).max(axis=1)
    large = np.bincount(old, minlength=last.k) >= LEAST_SHARE * features.num_rows
    place = pc.index_in(before["user_id"], value_set=features["user_id"])
    known = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
    now = ids(model, features)
    again = fit(features, k=model.numbers, seed=1, last=last)
    month = Month(
        as_of=f"{as_of:%Y-%m}",
        users=features.num_rows,
        numbers="+".join(str(part.k) for part in model.parts),
        overlaps=tuple(best[large].tolist()),
        identity=float((ids(last, features) == now).mean()),
        stay=float((ids(last, before)[known] == now[place.take(pa.array(known)).to_numpy()]).mean()),
        other_seed=float((ids(again, features) == now).mean()),
    )
    return month, model


def table(k: str, found: Sequence[Month]) -> list[str]:
    """One line a month, and what they come to."""
    lines = [
        f"`--k {k}`:", "",
        "| as of | users | segments | mean Jaccard | least | identity | stay | other seed |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    lines += [
        f"| {one.as_of} | {one.users:,} | {one.numbers} | {fmean(one.overlaps):.3f} | {min(one.overlaps):.3f} | "
        f"{one.identity:.1%} | {one.stay:.1%} | {one.other_seed:.1%} |"
        for one in found
    ]
    every = [overlap for one in found for overlap in one.overlaps]
    lines.append(
        f"| all | | | {fmean(every):.3f} | {min(every):.3f} | {fmean(one.identity for one in found):.1%} | "
        f"{fmean(one.stay for one in found):.1%} | {fmean(one.other_seed for one in found):.1%} |"
    )
    return [*lines, ""]


def main() -> None:
    """All numbers of segments, month by month."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--k", nargs="+", default=["auto", "2+1", "3+1", "4+1", "5+1"])
    parser.add_argument("--first", type=datetime.fromisoformat, default=datetime(2010, 12, 1))
    parser.add_argument("--last", type=datetime.fromisoformat, default=datetime(2011, 12, 1))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    lines: list[str] = []
    with TemporaryDirectory() as folder:
        lake = footfall.open(f"{folder}/lake", key_file=f"{folder}/key", k=1, resamples=0)
        lake.run(options.file)
        dates = list(months(options.first, options.last))
        for as_of in dates:
            run_features(load_settings(lake=Path(folder) / "lake", key_file=Path(folder) / "key", as_of=as_of))
        features = [
            lake.sql(f"SELECT * FROM user_features WHERE as_of = '{as_of}' ORDER BY user_id") for as_of in dates
        ]
    for k in options.k:
        model, found = model_of(features[0], k, None, seed=0), []
        for as_of, before, now in zip(dates[1:], features[:-1], features[1:], strict=True):
            month, model = compared(as_of, before, now, model, k)
            found.append(month)
            print(k, month, file=sys.stderr, flush=True)
        lines += table(k, found)
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
