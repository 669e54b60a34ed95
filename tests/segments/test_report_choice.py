from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pytest
from report_tables import NO_SELECTION, figures_of, measured, report_of, selection
from segmented import Segmented
from test_segment_report import Page

from footfall.segments.choice.choose import LEAST_JACCARD, LEAST_PREDICTION_STRENGTH
from footfall.segments.report.numbers import NumberOf, numbers_of
from footfall.segments.report.plots.choice import choice_plots

TITLES = {"buyers": "Buyers", "visitors": "Never bought", "users": "All users"}


def buyers_of(web_shop: Segmented, rows: Iterable[dict[str, Any]]) -> NumberOf:
    """The choice for the buyers of a shop whose model has three segments of them."""
    (number,) = numbers_of(web_shop.model, selection(*rows), TITLES)
    return number


def test_the_number_that_was_chosen_costs_nothing(web_shop: Segmented) -> None:
    number = buyers_of(web_shop, measured("buyers", chosen=3, runner_up=2))

    assert (number.title, number.in_use, number.chosen, number.runner_up) == ("Buyers", 3, 3, 2)
    assert (number.reason, number.cost) == ("3 is what holds.", "")


def test_a_number_that_holds_too_is_set_beside_the_chosen_one(web_shop: Segmented) -> None:
    cost = buyers_of(web_shop, measured("buyers", chosen=4, runner_up=3)).cost

    assert cost.startswith("This model has 3 here and the rule chooses 4: ")
    assert "3 hold as well. The silhouette is 0.45 with 3 and 0.40 with 4" in cost
    assert cost.endswith("the worst segment's Jaccard is 0.85 and 0.80.")


def test_a_number_that_breaks_the_rule_says_which_parts(web_shop: Segmented) -> None:
    rows = measured("buyers", chosen=2)
    rows[2]["verdict"] = "prediction strength is 0.71, below 0.80"

    assert "3 break the rule: prediction strength is 0.71, below 0.80. The silhouette" in buyers_of(web_shop, rows).cost


def test_segments_where_the_rule_finds_no_structure_have_nothing_beside_them(web_shop: Segmented) -> None:
    cost = buyers_of(web_shop, measured("buyers", chosen=1)).cost

    assert "3 segments have a silhouette of 0.45, and the worst one's Jaccard is 0.85." in cost
    assert cost.endswith("One segment has neither, and breaks nothing.")


def test_a_number_that_was_not_measured_costs_nobody_knows_what(web_shop: Segmented) -> None:
    rows = measured("buyers", chosen=2, ks=range(2, 3))

    assert buyers_of(web_shop, rows).cost.endswith("3 were not measured, so what that costs is not known.")


def test_users_whom_the_model_does_not_divide(web_shop: Segmented) -> None:
    (unknown,) = numbers_of(web_shop.model, selection(*measured("users", chosen=4)), TITLES)

    assert unknown.headline == "not divided in this model"
    assert unknown.cost.startswith("This model does not tell these users from the others. Apart, the rule divides them")
    assert "into 4: 4 segments have a silhouette of 0.40, and the worst one's Jaccard is 0.80." in unknown.cost


def test_parts_come_in_the_order_of_the_model(web_shop: Segmented) -> None:
    rows = [row for part in ("users", "visitors", "buyers") for row in measured(part, chosen=2)]

    found = numbers_of(web_shop.model, selection(*rows), TITLES)

    assert [one.key for one in found] == ["buyers", "visitors", "users"]
    assert numbers_of(web_shop.model, NO_SELECTION, TITLES) == []


def levels(figure: Any) -> set[float]:
    """Where dotted lines run across."""
    return {shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1}


def test_stability_is_shown_against_the_thresholds_of_the_rule(web_shop: Segmented) -> None:
    figure = choice_plots(buyers_of(web_shop, measured("buyers", chosen=3)))["stability-buyers"]

    lines = {trace.name: list(trace.y) for trace in figure.data}
    assert lines["worst Jaccard"] == pytest.approx([0.9, 0.85, 0.8, 0.75, 0.7])
    assert lines["mean Jaccard"] == pytest.approx([0.94, 0.91, 0.88, 0.85, 0.82])
    assert lines["prediction strength"] == pytest.approx([0.92, 0.88, 0.84, 0.8, 0.76])
    assert levels(figure) == {LEAST_JACCARD, LEAST_PREDICTION_STRENGTH}


def test_the_gap_has_error_bars_and_the_level_of_one_segment(web_shop: Segmented) -> None:
    gap, level = choice_plots(buyers_of(web_shop, measured("buyers", chosen=3)))["gap-buyers"].data

    assert list(gap.x) == [1, 2, 3, 4, 5, 6]
    assert list(gap.error_y.array) == [0.02, *[0.01] * 5]
    assert (level.name, list(level.y)) == ("one segment", [0.5, 0.5])


def test_the_sampled_silhouette_has_its_interval(web_shop: Segmented) -> None:
    band, sample, exact = choice_plots(buyers_of(web_shop, measured("buyers", chosen=3)))["silhouette-buyers"].data

    low, high = list(band.y)[:5], list(reversed(list(band.y)[5:]))
    assert all(a < b < c for a, b, c in zip(low, sample.y, high, strict=True))
    assert list(exact.y) == pytest.approx([0.5, 0.45, 0.4, 0.35, 0.3])


@pytest.mark.parametrize(
    ("chosen", "runner_up", "marks"),
    [
        (3, 2, {(3, "<b>chosen</b>"), (2, "runner-up")}),
        (4, None, {(4, "<b>chosen</b>"), (3, "<b>in this model</b>")}),
        (1, None, {(1, "<b>chosen</b>"), (3, "<b>in this model</b>")}),
    ],
)
def test_numbers_that_matter_are_marked(
    web_shop: Segmented, chosen: int, runner_up: int | None, marks: set[tuple[int, str]]
) -> None:
    plots = choice_plots(buyers_of(web_shop, measured("buyers", chosen=chosen, runner_up=runner_up)))

    assert set(plots) == {"elbow-buyers", "silhouette-buyers", "gap-buyers", "stability-buyers"}
    for figure in plots.values():
        assert {(mark.x, mark.text) for mark in figure.layout.annotations} == marks


def test_a_part_of_which_nothing_was_measured_has_a_reason_and_no_plots(
    web_shop: Segmented, row_accounts: pa.Table
) -> None:
    few = {"part": "visitors", "k": 1, "is_chosen": True, "is_runner_up": False, "verdict": "12 users are too few"}

    drawn = figures_of(web_shop, row_accounts, selection=selection(few))
    shown = Page(report_of(web_shop, row_accounts, selection=selection(few))).shown

    assert not [key for key in drawn if key.startswith(("elbow", "silhouette", "gap", "stability"))]
    assert "12 users are too few." in shown
    assert "2 were not measured, so what that costs is not known." in shown
