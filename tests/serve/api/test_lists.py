"""Lists of the API: every row once, in order, page after page."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from served import Server, is_problem, rows

from footfall.lake import open_lake
from footfall.serve.views.paging import Listing, PageUnknown
from footfall.serve.views.published import Published
from footfall.settings import load_settings


def pages(api: Server, path: str, **asked: Any) -> Iterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        told = api.get(path, params=asked | ({"cursor": cursor} if cursor else {})).json()
        yield told["items"]
        cursor = told["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize(
    ("path", "table", "key"),
    [
        ("/v1/anomalies", "anomalies", ("ts", "series_id")),
        ("/v1/incidents", "incidents", ("incident_id",)),
        ("/v1/series", "(SELECT DISTINCT series_id FROM metric_series)", ("series_id",)),
        ("/v1/forecasts", "(SELECT * FROM forecasts WHERE model = 'chosen')", ("series_id", "ts")),
    ],
)
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_pages_have_every_row_once(api: Server, path: str, table: str, key: tuple[str, ...], parts: int) -> None:
    there = rows(api.lake, f"SELECT count(*) AS n FROM {table}")[0]["n"]
    limit = min(1000, max(1, there // parts))
    found = [[row[name] for name in key] for page in pages(api, path, limit=limit) for row in page]
    assert len(found) == len({tuple(one) for one in found}) == there > 0


def test_lists_are_in_order_and_filtered(api: Server) -> None:
    opened = [row["opened_at"] for page in pages(api, "/v1/incidents", limit=2) for row in page]
    assert opened == sorted(opened, reverse=True)
    middle = opened[len(opened) // 2]
    later = api.get("/v1/incidents", params={"since": middle, "limit": 1000}).json()["items"]
    assert [row["opened_at"] for row in later] == [one for one in opened if one >= middle]
    orders = api.get("/v1/series", params={"metric": "orders", "grain": "day", "dimension": "all"}).json()["items"]
    assert [one["series_id"] for one in orders] == ["day/orders/all/all"]
    values = api.get("/v1/series/values", params={"series_id": "day/orders/all/all"}).json()["items"]
    assert [one["value"] for one in values] == [
        row["value"]
        for row in rows(api.lake, "SELECT value FROM metric_series WHERE series_id = 'day/orders/all/all' ORDER BY ts")
    ]


def test_a_parameter_that_is_misspelt_is_not_left_out(api: Server) -> None:
    told = api.get("/v1/series", params={"dimensoin": "brand"})
    assert is_problem(told, 422)
    assert told.json()["detail"] == 'parameter "dimensoin" is unknown; did you mean "dimension"?'


def as_cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def in_cursor(cursor: str) -> list[Any]:
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    return found


def test_a_cursor_goes_on_in_its_own_list_with_its_own_filters(api: Server) -> None:
    def next_of(path: str, **filters: str) -> str:
        cursor = api.get(path, params=filters | {"limit": 1}).json()["next_cursor"]
        assert isinstance(cursor, str), (path, filters)
        return cursor

    since = {"since": "2019-10-05T00:00:00+02:00"}
    cursors = {
        ("/v1/series", ()): next_of("/v1/series"),
        ("/v1/series", (("grain", "day"),)): next_of("/v1/series", grain="day"),
        ("/v1/forecasts", ()): next_of("/v1/forecasts"),
        ("/v1/anomalies", ()): next_of("/v1/anomalies"),
        ("/v1/anomalies", tuple(since.items())): next_of("/v1/anomalies", **since),
        ("/v1/incidents", ()): next_of("/v1/incidents"),
    }
    for (path, filters), cursor in cursors.items():
        for asked in cursors:
            told = api.get(asked[0], params=dict(asked[1]) | {"cursor": cursor})
            if asked == (path, filters):
                assert told.status_code == 200, told.text
            else:
                assert is_problem(told, 404), (path, filters, asked)
                assert "other filters" in told.json()["detail"]
    same = {"since": "2019-10-04T22:00:00Z", "limit": 3, "cursor": cursors["/v1/anomalies", tuple(since.items())]}
    assert api.get("/v1/anomalies", params=same).status_code == 200, "the same filter in other words"


def test_a_cursor_that_is_none_is_refused(api: Server) -> None:
    for text in ('["\\ud800"]', "[" * 1490, "[]", "[1]", "{}", "null", '["a", "b", "c"]', ""):
        for path in ("/v1/series", "/v1/forecasts", "/v1/anomalies", "/v1/incidents"):
            assert is_problem(api.get(path, params={"cursor": as_cursor(text)}), 404), (path, text)
    digest, moment, series_id = in_cursor(api.get("/v1/anomalies?limit=1").json()["next_cursor"])
    for values in ([digest], [digest, series_id, moment], [digest, f"{moment}+00:00", ""], [digest, "\0", ""]):
        told = api.get("/v1/anomalies", params={"cursor": as_cursor(json.dumps(values))})
        assert is_problem(told, 404), values
        assert "next_cursor" in told.json()["detail"]
    for text in ("\0", "\u202e", "' OR 1=1 --"):
        told = api.get("/v1/anomalies", params={"cursor": as_cursor(json.dumps([digest, moment, text]))})
        assert told.status_code == 200, "a place in the list, though no row stands there"


@pytest.mark.parametrize("descending", [False, True])
def test_pages_by_fractions_of_a_second(tmp_path: Path, descending: bool) -> None:
    seconds = ["00", "00.05", "00.5", "00.500001", "01", "01.25"]
    times = [f"2019-10-01 10:00:{second}" for second in seconds]
    values = ", ".join(f"(TIMESTAMP '{moment}', '{name}')" for moment in times for name in ("a", "ä"))
    order: dict[str, type[str | datetime]] = {"ts": datetime, "name": str}
    listing = Listing(f"(SELECT * FROM (VALUES {values}) told(ts, name))", order, descending=descending)
    open_lake(tmp_path / "lake", create=True)
    published = Published(load_settings(lake=tmp_path / "lake"))
    page = listing.page(published, {}, limit=1)
    found = page.items
    while page.next_cursor:
        page = listing.page(published, {}, limit=1, cursor=page.next_cursor)
        found += page.items
    expected = sorted((datetime.fromisoformat(moment), name) for moment in times for name in ("a", "ä"))
    assert [(row["ts"], row["name"]) for row in found] == expected[:: -1 if descending else 1]
    with pytest.raises(PageUnknown):
        listing.page(published, {"name = ?": "a"}, limit=1, cursor=as_cursor('["0"]'))
