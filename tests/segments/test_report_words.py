import numpy as np
import pyarrow as pa
import pytest
from segmented import Segmented

from footfall.segments.measures import Measure
from footfall.segments.naming.wording import NOTHING, amount, differences, in_unit, percent
from footfall.segments.profiles import measures_by_part
from footfall.segments.report.accounts import FILES_SHOWN, accounts
from footfall.segments.report.colours import of_segments
from footfall.segments.report.components import meaning
from footfall.segments.scoring import labels_of


def test_accounts_add_up(row_accounts: pa.Table) -> None:
    summary = accounts(row_accounts)

    assert summary.read == sum(row_accounts["rows"].to_pylist())
    assert summary.read == summary.kept + summary.duplicate + summary.quarantined
    assert [outcome.name for outcome in summary.outcomes] == ["kept", "duplicate", "price not positive", "malformed"]
    assert [(file.source_file, file.read, file.quarantined) for file in summary.files] == [
        ("2019-Oct.csv.gz", 1_019_909, 1_900),
        ("2019-Nov.csv.gz", 4_001, 1),
    ]


def test_of_many_files_the_largest_are_shown() -> None:
    names = [f"{n:03}.csv" for n in range(FILES_SHOWN + 5)]
    summary = accounts(
        pa.table({"source_file": names, "outcome": ["kept"] * len(names), "rows": range(1, len(names) + 1)})
    )

    assert (summary.files[0].source_file, len(summary.files), summary.more_files) == ("024.csv", FILES_SHOWN, 5)


def test_differences_are_true_and_of_different_families(web_shop: Segmented) -> None:
    labels = labels_of(web_shop.model, web_shop.features, web_shop.assigned)
    part, _, measures = measures_by_part(web_shop.model, web_shop.features, labels)[0]
    top = [segment.name.text() for segment in part.segments].index("Top Spenders")

    first, *others = differences(top, measures)

    spend = next(one for one in measures if one.feature == "spend")
    assert first.is_more
    assert first.effect == max(abs(one.effect[top]) for one in measures if not np.isnan(one.effect[top]))
    assert spend.effect[top] > 0.8
    assert len({one.label.en for one in (first, *others)}) == 3


def test_a_difference_is_told_by_numbers_that_show_it() -> None:
    def carts(median: float, mean: float) -> list[Measure]:
        return [Measure("carts", np.array([mean]), np.array([median]), np.array([1.2]), 1.0, 0.0)]

    def told(measures: list[Measure]) -> list[tuple[str, str, str]]:
        return [(one.statistic.en, one.segment, one.base) for one in differences(0, measures)]

    assert told(carts(2, 3)) == [("median", "2", "0")]
    assert told(carts(0, 3)) == [("mean", "3", "1")]
    assert told(carts(0, 0.5)) == []


@pytest.mark.parametrize(
    ("loadings", "words"),
    [
        ((0.8, -0.6, 0.1), "more visits, fewer bounces"),
        ((-0.5, 0.6, -0.6), "more bounces, lower spend, fewer visits"),
        ((0.0, 0.0, 1.0), "higher spend"),
        ((1.0,), "more visits"),
    ],
)
def test_a_component_is_explained_by_its_strongest_features(loadings: tuple[float, ...], words: str) -> None:
    assert meaning(loadings, ["sessions", "bounce_share", "spend"][: len(loadings)]) == words


def test_a_segment_keeps_its_colour_when_others_come_and_go() -> None:
    before, after = of_segments([0, 1, 2, 3]), of_segments([1, 3, 4, 14])

    assert [after[segment] for segment in (1, 3)] == [before[segment] for segment in (1, 3)]
    assert len(set(after.values())) == 4
    assert len(set(of_segments(range(40)).values())) == 24


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.43, "43%"), (0.0432, "4.3%"), (0.99937, "99.94%"), (0.00023, "0.02%"),
     (0.00001, "<0.01%"), (0.99999, ">99.99%"), (-0.031, "-3.1%"), (None, NOTHING)],
)  # fmt: skip
def test_shares_read_well(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1067371.4, "1,067,371"), (56.72, "56.7"), (4.32, "4.32"), (12.0, "12"), (-1234.5, "-1,234")],
)
def test_amounts_read_well(value: float, text: str) -> None:
    assert amount(value) == text


def test_what_is_not_defined_is_a_dash() -> None:
    assert in_unit(float("nan"), "money") == NOTHING
