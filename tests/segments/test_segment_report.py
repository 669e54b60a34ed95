import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from segmented import Segmented
from shoppers import shop

from footfall.segments import report
from footfall.segments.accounts import FILES_SHOWN, accounts
from footfall.segments.figures import USERS_SHOWN, projection, shares
from footfall.segments.measures import Measure, measure
from footfall.segments.scoring import labels_of
from footfall.segments.wording import NOTHING, amount, differences, in_unit, percent

EVIL = "<script>alert(1)</script>"


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


def report_of(segmented: Segmented, row_accounts: pa.Table, profiles: pa.Table | None = None, **meta: str) -> str:
    return report(
        segmented.model,
        segmented.features,
        segmented.assigned,
        profiles or segmented.profiles,
        row_accounts=row_accounts,
        meta=meta,
    )


@pytest.fixture(scope="module")
def html(web_shop: Segmented, row_accounts: pa.Table) -> str:
    return report_of(web_shop, row_accounts, Lake="/data/lake")


def test_the_page_loads_nothing(html: str) -> None:
    page = Page(html)

    assert page.loads == []
    assert not re.search(r"url\(|@import", " ".join(page.styles))
    assert page.policy.startswith("default-src 'none';")
    assert "http" not in page.policy


def test_plotly_is_on_the_page_once(html: str) -> None:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - 5 MB that only this test needs

    assert html.count(get_plotlyjs()) == 1
    assert len(re.findall(r"Plotly\.newPlot\(", html.replace(get_plotlyjs(), ""))) == 5


def test_the_page_tells_the_story(html: str, web_shop: Segmented) -> None:
    shown = Page(html).shown

    assert "3,000 users in 5 segments, by what they did before 2020-01-01. Model v0.1.0." in shown
    assert "1,023,910 read = 1,021,409 kept + 600 duplicate + 1,901 quarantined" in shown
    assert "/data/lake" in shown
    for segment in web_shop.model.segments:
        assert segment.name in shown
        assert segment.recommendation in shown
    assert shown.count("Correlational.") == 5


def test_the_same_input_gives_the_same_page(html: str, web_shop: Segmented, row_accounts: pa.Table) -> None:
    assert report_of(web_shop, row_accounts, Lake="/data/lake") == html


def test_no_user_is_on_the_page(html: str, web_shop: Segmented) -> None:
    assert not any(user in html for user in web_shop.features["user_id"].to_pylist()[:50])


def test_what_comes_from_data_cannot_run(web_shop: Segmented, row_accounts: pa.Table) -> None:
    calm = Page(report_of(web_shop, row_accounts, Lake="x"))
    rows, files = web_shop.profiles.num_rows, row_accounts.num_rows
    profiles = web_shop.profiles.set_column(1, "segment_name", pa.repeat(EVIL, rows))
    profiles = profiles.set_column(10, "recommendation", pa.repeat(EVIL, rows))
    lost = row_accounts.set_column(0, "source_file", pa.array([f"{n}{EVIL}" for n in range(files)]))
    lost = lost.set_column(1, "outcome", pa.repeat(EVIL, files))

    html = report_of(web_shop, lost, profiles, **{EVIL: EVIL})

    assert EVIL not in html
    assert Page(html).scripts == calm.scripts
    assert EVIL in Page(html).shown


def test_plotly_reads_no_markup_from_data(web_shop: Segmented) -> None:
    labels = web_shop.assigned["segment_id"].to_numpy()
    clouds = projection(web_shop.model, web_shop.features, labels, [EVIL] * 5).data

    assert shares([EVIL], [1.0]).data[0].y == ("&lt;script&gt;alert(1)&lt;/script&gt;",)
    assert {cloud.name for cloud in clouds} == {"&lt;script&gt;alert(1)&lt;/script&gt;"}


def test_the_name_of_a_feature_cannot_run(web_shop: Segmented, row_accounts: pa.Table) -> None:
    model = web_shop.model
    scales = (dataclasses.replace(model.scales[0], feature=EVIL), *model.scales[1:])
    features = web_shop.features.rename_columns(["user_id", "as_of", EVIL, *web_shop.features.column_names[3:]])
    renamed = Segmented(features, dataclasses.replace(model, scales=scales), web_shop.assigned, web_shop.profiles)

    assert EVIL not in report_of(renamed, row_accounts)


def test_a_shop_of_invoices_says_what_was_not_used(invoice_shop: Segmented, row_accounts: pa.Table) -> None:
    shown = Page(report_of(invoice_shop, row_accounts)).shown

    assert "Product views (the same for every user)" in shown
    assert "Share of revenue" in shown


def test_without_revenue_or_accounts_the_page_says_so(web_shop: Segmented, row_accounts: pa.Table) -> None:
    names = web_shop.profiles.column_names
    profiles = web_shop.profiles.set_column(
        names.index("revenue_share"), "revenue_share", pa.nulls(web_shop.profiles.num_rows, pa.float64())
    )

    shown = Page(report_of(web_shop, row_accounts.slice(0, 0), profiles)).shown

    assert "No revenue to share" in shown
    assert "No row accounts were given" in shown


def test_when_every_row_was_kept_the_page_says_so(web_shop: Segmented, row_accounts: pa.Table) -> None:
    assert "Every row was kept." in Page(report_of(web_shop, row_accounts.slice(0, 1))).shown


def test_the_projection_shows_a_sample(web_shop: Segmented) -> None:
    features = shop(USERS_SHOWN + 500, seed=2)[0]
    labels = [0] * features.num_rows

    figure = projection(web_shop.model, features, pa.array(labels).to_numpy(), ["all", "b", "c", "d", "e"])

    assert sum(len(cloud.x) for cloud in figure.data) == USERS_SHOWN


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
    names = [scale.feature for scale in web_shop.model.scales]
    measures = measure(web_shop.features, names, labels_of(web_shop.model, web_shop.features, web_shop.assigned), 5)
    top = [segment.name for segment in web_shop.model.segments].index("Top Spenders")

    first, *others = differences(top, measures)

    assert (first.phrase, first.label, first.statistic, first.base) == ("more orders", "Orders", "median", "0")
    assert len(others) == 2
    assert len({one.label for one in (first, *others)}) == 3


def test_a_difference_is_told_by_numbers_that_show_it() -> None:
    def carts(median: float, mean: float) -> list[Measure]:
        return [Measure("carts", np.array([mean]), np.array([median]), np.array([1.2]), 1.0, 0.0)]

    assert [(one.statistic, one.segment, one.base) for one in differences(0, carts(2, 3))] == [("median", "2", "0")]
    assert [(one.statistic, one.segment, one.base) for one in differences(0, carts(0, 3))] == [("mean", "3", "1")]
    assert differences(0, carts(0, 0.5)) == []


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
