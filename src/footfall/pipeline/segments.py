"""The segments stage: fit, assign, profile and report on the features of one date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import footfall
from footfall.contracts import CUSTOMER_SEGMENTS, K_SELECTION, ROW_ACCOUNTS, SEGMENT_PROFILES
from footfall.engine import Engine
from footfall.features import USER_FEATURES
from footfall.lake import Lake, fingerprint, transaction

REVISION = 1
"""Raise it when the code segments differently."""

K = int | Literal["auto"]

REPORT = Path("reports") / "segments.html"
_KEY = "segments"


@dataclass(frozen=True)
class SegmentsResult:
    """The date and the version of the segmentation, and whether this run made it."""

    as_of: datetime
    version: str
    is_new: bool


def build_segments(
    lake: Lake, engine: Engine, as_of: datetime, *, k: K, seed: int, report_step: Callable[[str], None] = lambda _: None
) -> SegmentsResult:
    """Bring `customer_segments` and `segment_profiles` up to date with the features of a date.

    Args:
        lake: its features are read; the caller holds its lock.
        engine: runs it.
        as_of: the date of the features.
        k: how many segments; `auto` finds out.
        seed: of whatever is random.
        report_step: told what is being done.

    Raises:
        SettingInvalid: there are fewer users than `k`, or nothing tells them apart.
    """
    mark = segments_mark(lake, as_of, k=k, seed=seed)
    version = f"{as_of:%Y-%m-%d}-{k if k == 'auto' else f'k{k}'}-{mark % 16**6:06x}"
    if lake.done(CUSTOMER_SEGMENTS, _KEY) == mark:
        return SegmentsResult(as_of, version, is_new=False)
    from footfall.segments import assign, choose, fit, k_selection, profile, report  # noqa: PLC0415 - scikit-learn and Plotly take seconds

    rows = lake.read(engine, USER_FEATURES)
    # Engines return rows in any order, and a fit depends on it.
    features = engine.collect(rows.filter(rows.as_of == as_of)).sort_by("user_id")
    choice = choose(features, seed=seed, progress=report_step) if k == "auto" else None
    model = fit(features, k=choice.k if choice else int(k), seed=seed, version=version)
    assigned = assign(model, features, updated_at=datetime.now(UTC).replace(tzinfo=None))
    profiles = profile(model, features, assigned)
    page = report(
        model,
        features,
        assigned,
        profiles,
        row_accounts=lake.load(ROW_ACCOUNTS),
        meta={"Lake": str(lake.root), "Footfall": footfall.__version__, "Model": version},
    )
    write_whole(lake.root / "models" / "segments" / f"{version}.json", model.to_json())
    write_whole(lake.root / REPORT, page)
    with transaction(lake) as tx:
        tx.write(SEGMENT_PROFILES, profiles)
        tx.write(K_SELECTION, k_selection(choice, version=version, as_of=as_of))
        tx.write(CUSTOMER_SEGMENTS, assigned, done={_KEY: mark})
    return SegmentsResult(as_of, version, is_new=True)


def is_segmented(lake: Lake, as_of: datetime, *, k: K, seed: int) -> bool:
    """Whether the segments are up to date with the features of the date."""
    return lake.done(CUSTOMER_SEGMENTS, _KEY) == segments_mark(lake, as_of, k=k, seed=seed)


def segments_mark(lake: Lake, as_of: datetime, *, k: K, seed: int) -> int:
    """What the segments of a date follow from."""
    return fingerprint(REVISION, lake.done(USER_FEATURES, f"as of {as_of.isoformat()}"), k, seed)


def write_whole(file: Path, text: str) -> None:
    """Write a file so that readers see the old text or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
