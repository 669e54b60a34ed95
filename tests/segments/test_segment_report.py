import dataclasses
import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest
from report_tables import NO_MIGRATION, figures_of, measured, moves, report_of, selection
from segmented import UPDATED_AT, Segmented, segmented
from shoppers import planted, shop, users_with

from footfall.errors import SourceUnreadable
from footfall.segments import assign, fit, profile
from footfall.segments.model import SegmentModel

EVIL = "<script>alert('1\")</script>"


class Page(HTMLParser):
    """What a browser would load, run and show."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.scripts = 0
        self.policy = ""
        self.styles: list[str] = []
        self.text: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.loads += [
            value for name, value in attributes.items() if name in {"src", "href", "srcset", "data", "action", "poster"}
        ]
        self.scripts += tag == "script"
        self.styles.append(attributes.get("style", ""))
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        where = self._inside[-1] if self._inside else ""
        if where == "style":
            self.styles.append(data)
        elif where != "script":
            self.text.append(" ".join(data.split()))

    @property
    def shown(self) -> str:
        return " ".join(filter(None, self.text))


def renamed(table: pa.Table, *columns: str) -> pa.Table:
    """The table with something evil in its text columns."""
    for name in columns:
        table = table.set_column(table.column_names.index(name), name, pa.repeat(EVIL, table.num_rows))
    return table


def of_model(model: SegmentModel, features: pa.Table) -> Segmented:
    assigned = assign(model, features, updated_at=UPDATED_AT)
    return Segmented(features, model, assigned, profile(model, features, assigned))


@pytest.fixture(scope="module")
def choice(web_shop: Segmented) -> pa.Table:
    return selection(*measured("buyers", chosen=3, runner_up=2), *measured("visitors", chosen=4))


@pytest.fixture(scope="module")
def html(web_shop: Segmented, row_accounts: pa.Table, choice: pa.Table) -> str:
    return report_of(web_shop, row_accounts, selection=choice, migration=moves((0, 0, 90), (1, 0, 10), (None, 2, 5)))


def test_the_page_loads_nothing(html: str) -> None:
    page = Page(html)

    assert page.loads == []
    assert not re.search(r"url\(|@import", " ".join(page.styles))
    assert page.policy.startswith("default-src 'none';")
    assert "http" not in page.policy


def test_plotly_is_on_the_page_once_and_every_figure_but_the_table(
    html: str, web_shop: Segmented, row_accounts: pa.Table, choice: pa.Table
) -> None:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - 5 MB that only this test needs

    drawn = figures_of(web_shop, row_accounts, selection=choice, migration=moves((0, 0, 1)))

    assert html.count(get_plotlyjs()) == 1
    assert len(re.findall(r"Plotly\.newPlot\(", html.replace(get_plotlyjs(), ""))) == len(drawn) - 1
    assert all(f'id="{key}"' in html for key in drawn if key != "heat-map")


def test_figures_are_called_by_what_they_show(web_shop: Segmented, row_accounts: pa.Table, choice: pa.Table) -> None:
    kinds = ("elbow", "silhouette", "gap", "stability", "projection", "scree")

    drawn = figures_of(web_shop, row_accounts, selection=choice, migration=moves((0, 0, 1)))

    of_parts = {f"{kind}-{part}" for kind in kinds for part in ("buyers", "visitors")}
    assert set(drawn) == {"sizes", "revenue", "heat-map", "migration", "outcomes"} | of_parts


def test_the_page_tells_the_story(html: str, web_shop: Segmented) -> None:
    shown = Page(html).shown

    assert "3,000 users in 5 segments (3 of buyers, 2 of those who never bought)" in shown
    assert "by what they did before 2020-01-01. Model v1.0.0." in shown
    assert "1,023,910 read = 1,021,409 kept + 600 duplicate + 1,901 quarantined" in shown
    assert "/data/lake" in shown
    for row in web_shop.profiles.to_pylist():
        for told in ("segment_name", "recommendation", "reason"):
            assert row[told] in shown
        assert row["evidence"].replace("d = ", "d\u00a0=\u00a0").replace("\u00a0", " ") in shown.replace("\u00a0", " ")
    assert shown.count("Correlational.") == 5


def test_a_card_says_how_strong_a_difference_is(html: str, web_shop: Segmented) -> None:
    effects = [row["effect_size"] for row in web_shop.profiles.to_pylist() if row["effect_size"]]

    shown = {float(text) for text in re.findall(r"d = (-?\d+\.\d)", Page(html).shown)}

    assert len(shown) >= 5
    assert shown <= {round(effect, 1) for effect in effects}


def test_a_card_says_whether_the_segment_was_there_before(web_shop: Segmented, row_accounts: pa.Table) -> None:
    parts = web_shop.model.parts
    first = dataclasses.replace(parts[0].segments[0], overlap=0.973)
    known = dataclasses.replace(parts[0], segments=(first, *parts[0].segments[1:]))
    model = dataclasses.replace(web_shop.model, parts=(known, *parts[1:]))

    shown = Page(report_of(dataclasses.replace(web_shop, model=model), row_accounts)).shown

    assert shown.count("the same segment as before, 97.3% overlap") == 1
    assert shown.count("new segment") == 4


def test_the_same_input_gives_the_same_page(web_shop: Segmented, row_accounts: pa.Table) -> None:
    assert report_of(web_shop, row_accounts) == report_of(web_shop, row_accounts)


def test_no_user_is_on_the_page(html: str, web_shop: Segmented) -> None:
    assert not any(user in html for user in web_shop.features["user_id"].to_pylist()[:50])


def test_what_comes_from_data_cannot_run(web_shop: Segmented, row_accounts: pa.Table, html: str) -> None:
    texts = ("segment_name", "recommendation", "reason", "evidence", "basis")
    profiles = renamed(web_shop.profiles, *texts)
    lost = renamed(row_accounts, "outcome").set_column(
        0, "source_file", pa.array([f"{n}{EVIL}" for n in range(row_accounts.num_rows)])
    )
    migration = renamed(moves((0, 0, 90), (1, 0, 10)), "from_segment_name", "to_segment_name", "from_model_version")
    numbers = selection(*[row | {"verdict": EVIL} for row in measured("buyers", chosen=4)])

    evil = report_of(
        web_shop,
        lost,
        profiles=profiles,
        migration=migration,
        selection=numbers,
        meta={EVIL: EVIL},
    )

    assert EVIL not in evil
    assert "<script>alert" not in evil
    assert Page(evil).shown.count(EVIL) >= 5 * len(texts)


def test_plotly_reads_no_markup_from_data(web_shop: Segmented, row_accounts: pa.Table) -> None:
    drawn = figures_of(
        web_shop,
        row_accounts,
        profiles=renamed(web_shop.profiles, "segment_name"),
        migration=renamed(moves((0, 0, 9)), "from_segment_name", "to_segment_name"),
    )

    for key, figure in drawn.items():
        assert "<script" not in figure.to_json().replace("\\u003c", "<"), key
    assert "&lt;script&gt;" in drawn["sizes"].to_json()


def test_the_name_of_a_feature_cannot_run(row_accounts: pa.Table) -> None:
    features, _ = planted(300)
    features = features.rename_columns([EVIL if name == "views" else name for name in features.column_names])

    html = report_of(segmented(features, k=3), row_accounts)

    assert EVIL not in html
    assert EVIL.replace("_", " ").lower() in Page(html).shown.lower()


def test_profiles_of_another_model_are_refused(web_shop: Segmented, row_accounts: pa.Table) -> None:
    with pytest.raises(SourceUnreadable, match=r"nothing about segment 0 of model v1\.0\.0"):
        report_of(web_shop, row_accounts, profiles=web_shop.profiles.slice(0, 0))


def test_a_shop_of_invoices_says_what_was_not_used(invoice_shop: Segmented, row_accounts: pa.Table) -> None:
    shown = Page(report_of(invoice_shop, row_accounts)).shown

    assert re.search(r"Product views[^()]*\(the same for every user\)", shown)
    assert "Share of revenue" in shown


def test_the_foot_counts_what_was_done_to_the_features(web_shop: Segmented, row_accounts: pa.Table) -> None:
    shown = Page(report_of(web_shop, row_accounts)).shown

    for part in web_shop.model.parts:
        logs = sum(scale.shape == "log" for scale in part.scales)
        rare = sum(scale.is_rare for scale in part.scales)
        assert f"{len(part.scales)} features ({logs} as logarithms" in shown
        assert (f"{rare} of them scaled on the values that differ" in shown) or not rare
    assert any(scale.is_rare for part in web_shop.model.parts for scale in part.scales)


def test_without_revenue_or_accounts_the_page_says_so(web_shop: Segmented, row_accounts: pa.Table) -> None:
    names = web_shop.profiles.column_names
    profiles = web_shop.profiles.set_column(
        names.index("revenue_share"), "revenue_share", pa.nulls(web_shop.profiles.num_rows, pa.float64())
    )

    shown = Page(report_of(web_shop, row_accounts.slice(0, 0), profiles=profiles)).shown

    assert "No revenue to share" in shown
    assert "No row accounts were given" in shown


def test_without_a_choice_or_a_past_the_page_says_so(web_shop: Segmented, row_accounts: pa.Table) -> None:
    shown = Page(report_of(web_shop, row_accounts, migration=NO_MIGRATION)).shown

    assert "No number of segments was measured for these features: the 5 were given." in shown
    assert "Nobody can have moved yet" in shown


def test_when_every_row_was_kept_the_page_says_so(web_shop: Segmented, row_accounts: pa.Table) -> None:
    assert "Every row was kept." in Page(report_of(web_shop, row_accounts.slice(0, 1))).shown


def test_one_segment_of_all_users_is_nobody_to_compare_with(row_accounts: pa.Table) -> None:
    one = segmented(shop(200)[0], k=1)

    shown = Page(report_of(one, row_accounts)).shown

    assert list(figures_of(one, row_accounts)["heat-map"].layout.xaxis.ticktext) == ["All Users"]
    assert "200 users in 1 segment, by what they did" in shown
    assert "These are all users: there is nobody to compare them with." in shown


@pytest.mark.parametrize("k", [1, 2])
def test_two_users_are_enough(k: int, row_accounts: pa.Table) -> None:
    features = users_with(sessions=[1, 30], spend=[0, 900])

    shown = Page(report_of(segmented(features, k=k), row_accounts)).shown

    assert f"2 users in {k} segment" in shown
    assert ("d beyond 10" in shown) == (k == 2)


def test_users_who_are_all_alike_lie_in_one_point(row_accounts: pa.Table) -> None:
    features = users_with(
        orders=[0, 0, 0, 1, 2, 9, 1, 5], sessions=[1, 1, 1, 4, 5, 30, 3, 9], spend=[0, 0, 0, 9, 8, 7, 6, 5]
    )
    alike = of_model(fit(features, k={"buyers": 2, "visitors": 1}), features)
    assert alike.model.parts[1].projection.loadings == ()

    drawn, shown = figures_of(alike, row_accounts), Page(report_of(alike, row_accounts)).shown

    assert {"projection-buyers", "scree-buyers"} <= set(drawn)
    assert not {"projection-visitors", "scree-visitors"} & set(drawn)
    assert "These users are alike in every feature, so they all lie in one point." in shown


def test_a_single_component_is_spread_out_and_says_so(row_accounts: pa.Table) -> None:
    line = segmented(users_with(sessions=[1, 1, 2, 30, 31, 32]), k=2)

    figure = figures_of(line, row_accounts)["projection-users"]

    assert figure.layout.yaxis.title.text == "there is one component: heights mean nothing"
    assert len({height for cloud in figure.data for height in cloud.y}) == 6


def test_many_segments_and_an_isolated_tail_fit_on_the_page(row_accounts: pa.Table) -> None:
    features, _ = shop(3_000, seed=1)
    model = fit(features, k=(12, 12), isolate_top_spenders=True)
    many = of_model(model, features)

    html = report_of(many, row_accounts)

    assert len(model.parts) in (2, 3)
    assert html.count('<article class="card"') == model.k >= 24
    colours = re.findall(r'<article class="card" style="--segment: (#\w{6})"', html)
    assert len(set(colours)) == min(model.k, 24)
