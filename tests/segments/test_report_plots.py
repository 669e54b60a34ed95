"""What the plots of users and segments show: moves, shares, components, the heat map."""

from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from report_tables import LATER, NO_MIGRATION, figures_of, moves, report_of
from segmented import Segmented
from test_segment_report import Page

from footfall.segments.naming.vocabulary import word
from footfall.segments.report import colours
from footfall.segments.report.moves import latest_moves
from footfall.segments.report.plots.spread import USERS_SHOWN


def test_of_many_dates_the_latest_moves_are_shown() -> None:
    older = moves((0, 1, 700), since=datetime(2019, 1, 1), until=datetime(2019, 12, 1))
    again = moves((0, 1, 800), since=datetime(2019, 1, 1), until=LATER)

    found = latest_moves(pa.concat_tables([older, moves((0, 0, 6), (0, 1, 2)), again]), [0, 1])

    assert found is not None
    assert found.days == ("2019-12-01", "2020-01-01")
    assert found.flows == [(0, 0, 6), (0, 1, 2)]
    assert latest_moves(NO_MIGRATION, [0, 1]) is None


def test_who_stayed_is_counted_among_those_known_on_both_dates() -> None:
    found = latest_moves(moves((0, 0, 60), (1, 0, 20), (1, None, 7), (None, 1, 5)), [0, 1])

    assert found is not None
    assert found.caption == (
        "From 2019-12-01 to 2020-01-01, 75% of 80 users stayed where they were; 5 are new; 7 are not seen any more."
    )


def test_moves_between_models_say_so() -> None:
    table = moves((0, 0, 1))
    column = table.column_names.index("to_model_version")

    found = latest_moves(table.set_column(column, "to_model_version", pa.array(["v1.1.0"])), [0])

    assert found is not None
    assert "The model changed from v1.0.0 to v1.1.0" in found.caption


def test_when_nobody_is_known_on_both_dates_the_caption_says_so() -> None:
    found = latest_moves(moves((None, 0, 5)), [0])

    assert found is not None
    assert "nobody is known on both dates; 5 are new" in found.caption


def test_flows_run_between_segments_in_the_models_order(web_shop: Segmented, row_accounts: pa.Table) -> None:
    # Segment 9 is one that the model does not have any more.
    migration = moves((9, 0, 4), (3, 1, 20), (0, 0, 90), (None, 1, 5), (0, None, 2))

    (flows,) = figures_of(web_shop, row_accounts, migration=migration)["migration"].data

    assert list(flows.node.label) == ["Then 0", "Then 3", "Then 9", "New users", "Now 0", "Now 1", "Not seen any more"]
    by_ends = {
        (flows.node.label[before], flows.node.label[after]): users
        for before, after, users in zip(flows.link.source, flows.link.target, flows.link.value, strict=True)
    }
    assert by_ends[("Then 9", "Now 0")] == 4
    assert by_ends[("New users", "Now 1")] == 5
    assert by_ends[("Then 0", "Not seen any more")] == 2
    assert sum(flows.link.value) == 121
    assert flows.node.color[3] == flows.node.color[6] == colours.QUIET
    assert flows.node.color[0] == flows.node.color[4] == colours.of_segments([0])[0]
    assert all(upper < lower for upper, lower in pairwise(flows.node.y[:4]))


def test_bars_are_the_shares_of_the_profiles_with_the_cards_colours(
    web_shop: Segmented, row_accounts: pa.Table
) -> None:
    drawn = figures_of(web_shop, row_accounts)
    rows = {row["segment_id"]: row for row in web_shop.profiles.to_pylist()}
    shares = [rows[segment.id]["share"] for segment in web_shop.model.segments]
    palette = colours.of_segments(segment.id for segment in web_shop.model.segments)

    (sizes,) = drawn["sizes"].data
    (revenue,) = drawn["revenue"].data

    assert list(sizes.x) == shares
    assert list(sizes.marker.color) == [palette[segment.id] for segment in web_shop.model.segments]
    assert sum(revenue.x) == pytest.approx(1)
    assert [note.text.split(" · ")[0] for note in drawn["sizes"].layout.annotations] == ["Buyers", "Never bought"]
    # Who never bought brings nothing, which needs words and no bars.
    assert len(revenue.x) == web_shop.model.parts[0].k
    assert drawn["revenue"].layout.annotations[1].text == "Never bought · nothing"


def test_users_are_shown_on_components_in_words(web_shop: Segmented, row_accounts: pa.Table) -> None:
    figure = figures_of(web_shop, row_accounts)["projection-buyers"]
    part = web_shop.model.parts[0]

    strongest = part.scales[int(np.abs(part.projection.loadings[0]).argmax())].feature
    title = figure.layout.xaxis.title.text.replace("<br>", " ")
    share = f"{part.projection.variance_shares[0]:.0%} of the variance"
    assert title.startswith(f"Component 1 · {share}: {word(strongest).high.en},")
    assert [cloud.name for cloud in figure.data] == [segment.name.text() for segment in part.segments]
    assert sum(len(cloud.x) for cloud in figure.data) == part.users


def test_of_many_users_a_sample_is_shown(
    web_shop: Segmented, row_accounts: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("footfall.segments.report.plots.spread.USERS_SHOWN", 100)

    figure = figures_of(web_shop, row_accounts)["projection-visitors"]

    assert sum(len(cloud.x) for cloud in figure.data) == 100 < USERS_SHOWN
    assert figure.layout.meta["note"] == "a sample of 100"


def test_the_heat_map_compares_segments_with_the_base_of_their_part(
    web_shop: Segmented, row_accounts: pa.Table
) -> None:
    figure = figures_of(web_shop, row_accounts)["heat-map"]
    (heat,) = figure.data
    columns = [text.replace("<br>", " ") for text in figure.layout.xaxis.ticktext]
    rows = [text.replace("<br>", " ").removesuffix(" (mean)") for text in figure.layout.yaxis.ticktext]
    profiles = {(row["segment_id"], row["feature"]): row for row in web_shop.profiles.to_pylist()}
    first, last = web_shop.model.segments[0], web_shop.model.segments[-1]

    assert [columns.index("All buyers"), columns.index("All who never bought")] == [3, 6]
    spend, visits = rows.index("Spend"), rows.index("Visits")
    assert heat.z[spend][0] == pytest.approx(profiles[first.id, "spend"]["effect_size"])
    assert heat.z[visits][5] == pytest.approx(profiles[last.id, "sessions"]["effect_size"])
    assert np.isnan(heat.z[spend][3])
    assert all(len(row) == 7 for row in heat.z)


def test_the_table_shows_the_same_columns_and_families(web_shop: Segmented, row_accounts: pa.Table) -> None:
    shown = Page(report_of(web_shop, row_accounts)).shown

    assert (
        shown.index("Recency Days since last visit") < shown.index("Money Orders") < shown.index("Rhythm Active days")
    )
    assert shown.count("All who never bought") >= 1
