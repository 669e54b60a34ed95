"""What a request to be scored may cost: one that is too large or wrong is refused soon, and keeps nobody waiting."""

import asyncio
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from served import Server, serving, wait_for

from footfall.serve.api.app import create_app
from footfall.serve.api.door import ENDS, Door
from footfall.serve.views.known_shops import ScoringBusy, Turns
from footfall.settings import load_settings

SCORE = "/v1/segments/score"
DOCS = Path(__file__).parents[3] / "docs" / "api.md"
VIEW = {
    "event_time": "2019-11-20T10:00:00Z",
    "event_type": "view",
    "product_id": "1",
    "category_id": "1",
    "price": 1.0,
}
USER = {"orders": 2, "spend": 80.0, "sessions": 9, "views": 60}


def by_events(*events: dict[str, Any]) -> dict[str, Any]:
    return {"users": [{"events": list(events)}]}


def by_features(**features: object) -> dict[str, Any]:
    return {"users": [{"features": features}]}


def views_in_months(count: int) -> list[dict[str, Any]]:
    """One in each of the last months before December 2019."""
    months = [divmod(2019 * 12 + 10 - back, 12) for back in range(count)]
    return [VIEW | {"event_time": f"{year}-{month + 1:02}-20"} for year, month in months]


def refused(api: Server, body: object) -> str:
    """Why, in a few words."""
    # Infinity is no JSON, and some programs write it.
    content, headers = json.dumps(body), {"Content-Type": "application/json"}
    response = api.ask("POST", SCORE, content=content, headers=headers)
    assert response.status_code == 422, response.text[:300]
    detail = str(response.json()["detail"])
    assert len(detail) < 300
    return detail


def test_the_examples_of_the_docs_can_be_sent_as_they_are(api: Server) -> None:
    bodies = [json.loads(text) for text in re.findall(r"-d '(.*?)'\n```", DOCS.read_text(), re.DOTALL)]
    assert len(bodies) == 2
    outcomes = []
    for body in bodies:
        response = api.post(SCORE, body, "marketing")
        assert response.status_code == 200, response.text
        for user in response.json()["users"]:
            assert user["explanation"]["segment_name"]
            outcomes += user["outcomes"] or []
    assert outcomes == ["kept", "kept"]


MANY_NAMES = {f"f{number}": 1 for number in range(70_000)}
FLOODS: dict[str, tuple[dict[str, Any], str]] = {
    "events without fields": (by_events(*[{}] * 10_000), "event_time: Field required; .*product_id: Field required$"),
    "events of many users": ({"users": [{"events": [{}] * 10_000}] * 33}, "330,000 events came, and 10,000 may"),
    "users": ({"users": [{}] * 100_000}, "100,000 users came, and 1,000 may"),
    "users without anything": ({"users": [{}] * 1000}, "a user is .*, and one of both$"),
    "names of features": (by_features(**MANY_NAMES), '"f0" is unknown$'),
    "names of an event": (by_events(MANY_NAMES), '"f0" is unknown$'),
    "names of a user": ({"users": [{"features": {}} | MANY_NAMES]}, '"f0" is unknown$'),
    "names": (MANY_NAMES, '"f0" is unknown$'),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_of_many_errors_the_first_is_told_soon(api: Server, flood: str) -> None:
    body, says = FLOODS[flood]
    assert re.search(says, refused(api, body))


def test_a_user_comes_with_features_or_with_events(api: Server) -> None:
    for user in ({}, {"features": USER, "events": [VIEW]}, [], "features", None):
        assert refused(api, {"users": [user]}).startswith("body.users.0: a user is {")


def test_a_name_that_is_nearly_right_is_told(api: Server) -> None:
    assert refused(api, by_features(ordes=1)).endswith('"ordes" is unknown; did you mean "orders"?')
    assert refused(api, by_events(VIEW | {"prise": 1})).endswith('"prise" is unknown; did you mean "price"?')
    assert refused(api, {"user": []}).endswith('"user" is unknown; did you mean "users"?')


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        ("orders", -1), ("orders", 2.5), ("orders", "2"), ("orders", True), ("orders", 10**400), ("orders", 1e308),
        ("orders", float("inf")), ("spend", 1e308), ("spend", -1e308), ("spend", float("nan")), ("spend", 10**400),
    ],
)  # fmt: skip
def test_a_feature_that_no_user_has_is_refused(api: Server, feature: str, value: object) -> None:
    assert f"{feature}: Input should be " in refused(api, by_features(**{feature: value}))


def test_a_count_may_be_written_with_a_point_and_a_spend_may_be_negative(api: Server) -> None:
    one, same = (
        api.post(SCORE, by_features(orders=count, spend=-3.5)).json()["users"][0]["explanation"] for count in (3, 3.0)
    )
    assert one == same
    assert api.post(SCORE, by_features(orders=None, spend=None)).status_code == 200


def test_many_users_are_scored_as_one_is(api: Server) -> None:
    (one,) = api.post(SCORE, by_features(**USER)).json()["users"]
    assert api.post(SCORE, {"users": [{"features": USER}] * 1000}).json()["users"] == [one] * 1000


def test_events_of_too_many_months_are_refused(api: Server) -> None:
    assert "events lie in 61 months, from 2014-11 to 2019-11, and may lie in 60" in refused(
        api, by_events(*views_in_months(61))
    )


@pytest.fixture
def on_one_core(own_lake: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("FOOTFALL_THREADS", "1")
    with serving(own_lake, key_file, "--rate", 1000, "--burst", 1000) as server:
        yield server


def test_who_comes_when_many_wait_is_told_to_come_again_and_other_questions_are_answered(on_one_core: Server) -> None:
    body = by_events(*views_in_months(6))
    with ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(on_one_core.post, SCORE, body) for _ in range(60)]
        answered_meanwhile = 0
        while not all(one.done() for one in asked):
            assert on_one_core.get("/v1/series?limit=1").status_code == 200  # in one of the shared threads
            answered_meanwhile += any(not one.done() for one in asked)
            time.sleep(0.1)
    told = [one.result() for one in asked]
    assert Counter(one.status_code for one in told).keys() == {200, 503}
    assert sum(one.status_code == 200 for one in told) >= 9
    assert {one.headers["Retry-After"] for one in told if one.status_code == 503} == {"5"}
    assert answered_meanwhile > 0


def test_what_nobody_waits_for_is_not_begun(on_one_core: Server) -> None:
    body = by_events(*views_in_months(12))

    def leave(seconds: float) -> None:
        with pytest.raises(httpx.TimeoutException):
            httpx.post(
                on_one_core.url + SCORE,
                json=body,
                headers={"X-API-Key": on_one_core.keys["marketing"]},
                timeout=seconds,
                trust_env=False,
            )

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(on_one_core.post, SCORE, body)  # seconds, as the shop is not known yet
        time.sleep(0.3)
        list(pool.map(leave, [0.3] * 5))
        assert first.result().status_code == 200
    assert on_one_core.post(SCORE, body).status_code == 200
    wait_for(lambda: f'route="{SCORE}",status="503"}} 5' in on_one_core.get("/metrics", role=None).text)


def test_who_is_being_answered_when_the_server_ends_is_told_so(published_lake: Path) -> None:
    """uvicorn cancels what takes longer than it waits."""
    begun, sent = asyncio.Event(), []

    async def never_ends(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask_and_end() -> None:
        app = create_app(load_settings(lake=published_lake), with_keys=False)
        async with app.router.lifespan_context(app):
            scope = {"type": "http", "method": "POST", "path": SCORE, "headers": []}
            asked = asyncio.create_task(Door(never_ends, lambda: app.state.server)(scope, None, send))  # type: ignore[arg-type]
            await begun.wait()
            asked.cancel()
            await asked

    asyncio.run(ask_and_end())
    start, body = sent
    assert start["status"] == 503
    assert json.loads(body["body"])["detail"] == ENDS


def test_turns_are_taken_one_after_the_other() -> None:
    async def ask_in_turn() -> None:
        turns, goes_on, begun = Turns(1), Event(), []

        async def stays() -> bool:
            return False

        def work(number: int) -> int:
            begun.append(number)
            assert goes_on.wait(10)
            return number

        asked = [asyncio.create_task(turns.run(lambda n=number: work(n), is_given_up=stays)) for number in range(9)]  # type: ignore[misc]
        while not begun:
            await asyncio.sleep(0.01)
        with pytest.raises(ScoringBusy, match="8 requests wait"):
            await turns.run(lambda: work(9), is_given_up=stays)
        assert begun == [0]
        goes_on.set()
        assert await asyncio.gather(*asked) == list(range(9)) == begun

    asyncio.run(ask_in_turn())
