"""The API as its callers see it: a real server, a real lake."""

import csv
import gzip
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Server, is_problem, rows, serving

from footfall.lake import open_lake
from footfall.serve.access import ALLOWED, ROLES, AuditLog, access_folder
from footfall.sources.pseudonyms import Pseudonymiser

GETS = {
    "/v1/segments": "segments:read",
    "/v1/segments/0": "segments:read",
    "/v1/series": "series:read",
    "/v1/series/values?series_id=day/orders/all/all": "series:read",
    "/v1/forecasts": "forecasts:read",
    "/predict?metric=orders&horizon=7": "forecasts:read",
    "/v1/anomalies": "incidents:read",
    "/v1/incidents": "incidents:read",
    "/v1/models": "models:read",
}


@pytest.mark.parametrize("path", GETS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_what_it_may_see_and_nothing_else(api: Server, path: str, role: str) -> None:
    response = api.get(path, role)
    if role in ALLOWED[GETS[path]]:
        assert response.status_code == 200, response.text
        assert response.json()
    else:
        assert is_problem(response, 403)


def test_without_a_key_in_force_nothing_is_said(api: Server) -> None:
    user = rows(api.lake, "SELECT user_id FROM customer_segments LIMIT 1")[0]["user_id"]
    for path in (*GETS, f"/v1/users/{user}", "/nowhere"):
        for key in (None, "", "ff_00000000_" + "a" * 43, api.keys["dpo"][:-1], "é"):
            headers = {} if key is None else {"X-API-Key": key.encode()}
            response = httpx.get(api.url + path, headers=headers, trust_env=False)  # type: ignore[arg-type]
            assert is_problem(response, 401)
            assert "WWW-Authenticate" in response.headers


def test_health_and_metrics_need_no_key(api: Server) -> None:
    told = api.get("/health", role=None).json()
    assert told["status"] == "ready"
    assert told["users"] == rows(api.lake, "SELECT count(*) AS n FROM customer_segments")[0]["n"]
    assert {one["name"] for one in told["tables"]} == set(open_lake(api.lake).tables())
    api.get("/v1/segments")
    text = api.get("/metrics", role=None).text
    assert re.search(r'footfall_http_requests_total\{method="GET",route="/v1/segments",status="200"\} [1-9]', text)
    assert 'footfall_table_age_seconds{table="customer_segments"}' in text
    assert "users/" not in text.replace("/v1/users/{user_id}", "").replace("/v1/users/search", "")


def test_a_user_and_a_score_of_their_features_say_what_the_batch_says(api: Server) -> None:
    """To 1e-9, for users of every segment."""
    batch = rows(
        api.lake,
        "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY segment_id ORDER BY user_id) AS place "
        "FROM customer_segments) WHERE place <= 8",
    )
    features = {row["user_id"]: row for row in rows(api.lake, "SELECT * EXCLUDE (as_of) FROM user_features")}
    assert len({row["segment_id"] for row in batch}) == 5
    told = [api.get(f"/v1/users/{row['user_id']}").json() for row in batch]
    scored = api.post("/v1/segments/score", {"users": [{"features": one["features"]} for one in told]}).json()["users"]
    for row, user, score in zip(batch, told, scored, strict=True):
        ours = features[row["user_id"]]
        assert user["features"] == {name: ours[name] for name in user["features"]}
        assert len(user["features"]) == len(ours) - 1
        for found in (user["explanation"], score["explanation"]):
            assert found["segment_id"] == user["segment_id"] == row["segment_id"]
            assert found["distances"][0]["distance"] == pytest.approx(row["distance"], rel=1e-9, abs=1e-9)
            assert found["proba"] == pytest.approx(row["proba"], rel=1e-9)
            assert found["model_version"] == row["model_version"]
        assert user["distance"] == row["distance"]
        assert user["segment_name"] == row["segment_name"]


def test_events_of_users_give_the_segment_that_the_batch_gave_them(api: Server, key_file: Path) -> None:
    """All lines of a user in the shop's files, dirty ones too, and every one accounted for."""
    raw = _lines_by_user(key_file.parent / "shop")
    names = Pseudonymiser(key_file.read_bytes().strip())
    batch = {row["user_id"]: row for row in rows(api.lake, "SELECT * FROM customer_segments")}
    some = [user for user in raw if names.one(user) in batch and 2 < len(raw[user]) < 60][::40][:25]
    assert len({batch[str(names.one(user))]["segment_id"] for user in some}) >= 4
    told = api.post("/v1/segments/score", {"users": [{"events": raw[user]} for user in some]}).json()["users"]
    for user, found in zip(some, told, strict=True):
        row = batch[str(names.one(user))]
        assert found["explanation"]["segment_id"] == row["segment_id"]
        assert found["explanation"]["distances"][0]["distance"] == pytest.approx(row["distance"], rel=1e-9, abs=1e-9)
        assert len(found["outcomes"]) == len(raw[user])
    odd = {"event_time": "yesterday", "product_id": "1", "event_type": "view", "price": 1.0}
    mixed = api.post("/v1/segments/score", {"users": [{"events": [odd]}, {"features": {"orders": 1}}]}).json()["users"]
    assert mixed[0] == {"explanation": None, "features": None, "outcomes": ["bad_timestamp"]}
    assert mixed[1]["explanation"]["segment_id"] >= 0


def _lines_by_user(shop: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(shop.glob("*.csv.gz")):
        with gzip.open(file, "rt") as lines:
            for row in csv.DictReader(lines):
                if None in row or None in row.values():
                    continue  # malformed: no event could be sent that says the same
                user, price = row.pop("user_id"), row.pop("price")
                event = {"session_id": row.pop("user_session"), **row, "price": _number(price)}
                found.setdefault(user, []).append({name: value for name, value in event.items() if value != ""})
    return {user: events for user, events in found.items() if all("product_id" in one for one in events)}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def test_a_raw_id_is_a_pseudonym_at_the_door_and_stands_nowhere(api: Server, key_file: Path) -> None:
    raw = _some_raw_user(key_file.parent / "shop")
    found = api.post("/v1/users/search", {"raw_user_id": f" {raw} "})
    assert found.status_code == 200
    assert api.get(f"/v1/users/{found.json()['user_id']}").json() == found.json()
    assert raw not in found.text
    refused = api.get(f"/v1/users/{raw}")
    assert is_problem(refused, 422)
    assert raw not in refused.text
    assert is_problem(api.post("/v1/users/search", {"raw_user_id": "nobody"}), 404)
    assert is_problem(api.post("/v1/users/search", {}), 422)
    log = "".join(one.read_text() for one in (api.lake / "access").rglob("*.jsonl"))
    assert found.json()["user_id"] in log
    assert raw not in log
    assert "nobody" not in log


def _some_raw_user(shop: Path) -> str:
    with gzip.open(min(shop.glob("*.csv.gz")), "rt") as lines:
        names = next(lines).strip().split(",")
        for line in lines:
            user = line.strip().split(",")[names.index("user_id")]
            if user.isdigit():
                return user
    raise AssertionError(shop)


def test_every_access_to_a_record_is_in_the_audit_log(api: Server) -> None:
    user = rows(api.lake, "SELECT user_id FROM customer_segments ORDER BY user_id DESC LIMIT 1")[0]["user_id"]
    log = AuditLog(access_folder(open_lake(api.lake)))
    before = list(log.entries())
    api.get(f"/v1/users/{user}", "marketing")
    api.get(f"/v1/users/{user}", "operations")
    api.get(f"/v1/users/{'0' * 32}", "dpo")
    new = [(one.who, one.what, one.outcome, one.users, one.via) for one in log.entries() if one not in before]
    assert new == [
        ("of-marketing", "users.read", "ok", (user,), "api"),
        ("of-operations", "users.read", "refused", (user,), "api"),
        ("of-dpo", "users.read", "not_found", ("0" * 32,), "api"),
    ]


def test_a_forecast_is_the_tables(api: Server) -> None:
    told = api.get("/predict", params={"metric": "orders", "horizon": 5}).json()
    ours = rows(
        api.lake, "SELECT mean, q100, q900 FROM forecasts WHERE model = 'chosen' AND metric = 'orders' "
        "AND grain = 'day' AND dimension = 'all' ORDER BY ts LIMIT 5",
    )  # fmt: skip
    assert [{name: row[name] for name in ("mean", "q100", "q900")} for row in told] == ours
    assert len(api.get("/predict", params={"metric": "orders", "horizon": 500}).json()) == 7
    missing = api.get("/predict", params={"metric": "revenue"})
    assert is_problem(missing, 404)
    assert "footfall forecast" in missing.json()["detail"]


def test_what_has_not_changed_is_not_sent_again(api: Server) -> None:
    for path in GETS:
        if path == "/v1/models":
            continue
        first = api.get(path)
        again = api.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert api.get(path, headers={"If-None-Match": 'W/"other"'}).content == first.content


def test_a_segment_in_full(api: Server) -> None:
    for segment in api.get("/v1/segments").json():
        told = api.get(f"/v1/segments/{segment['segment_id']}").json()
        assert {name: told[name] for name in segment} == segment
        assert len(told["features"]) > 20
    assert is_problem(api.get("/v1/segments/4711"), 404)
    assert is_problem(api.get("/v1/segments/first"), 404)


def test_an_incident_is_taken_on_silenced_and_judged(own_lake: Path, key_file: Path) -> None:
    with serving(own_lake, key_file) as api:
        name = next(one["incident_id"] for one in api.get("/v1/incidents").json()["items"] if one["kind"] != "no_data")
        before = api.get("/v1/incidents").headers["ETag"]
        for what, body in (("acknowledge", None), ("snooze", {"hours": 3}), ("feedback", {"verdict": "false"})):
            assert is_problem(api.post(f"/v1/incidents/{name}/{what}", body, "data_science"), 403)
            done = api.post(f"/v1/incidents/{name}/{what}", body, "operations")
            assert done.status_code == 200, done.text
        told = api.get(f"/v1/incidents/{name}").json()
        assert told["acknowledged_at"]
        assert told["snoozed_until"]
        assert told["verdict"] == "false"
        there = rows(own_lake, f"SELECT count(*) AS n FROM anomalies WHERE incident_id = '{name}'")[0]["n"]
        assert len(told["anomaly_rows"]) == there > 0
        assert api.get("/v1/incidents").headers["ETag"] != before
        assert is_problem(api.post("/v1/incidents/00000000/acknowledge", None, "operations"), 404)
        for wrong in ({"hours": 0}, {"hours": -1}, {"hours": "x"}, {"hour": 1}):
            assert is_problem(api.post(f"/v1/incidents/{name}/snooze", wrong, "operations"), 422)
        assert is_problem(api.post(f"/v1/incidents/{name}/feedback", {"verdict": "maybe"}, "operations"), 422)
        said = [(one.what, one.target) for one in AuditLog(access_folder(open_lake(own_lake))).entries()]
        assert ("incidents.snooze", name) in said


def test_while_a_run_writes_it_answers_and_writers_are_asked_to_come_again(own_lake: Path, key_file: Path) -> None:
    with serving(own_lake, key_file) as api, open_lake(own_lake).lock():
        assert all(api.get(path).status_code == 200 for path in GETS)
        name = api.get("/v1/incidents").json()["items"][0]["incident_id"]
        busy = api.post(f"/v1/incidents/{name}/acknowledge", None, "operations")
        assert is_problem(busy, 503)
        assert int(busy.headers["Retry-After"]) > 0


def test_too_large_and_too_fast(own_lake: Path, key_file: Path) -> None:
    with serving(own_lake, key_file, "--body", 4, "--rate", 1, "--burst", 5) as api:
        large = {"users": [{"features": {"orders": 1}}] * 1000}
        assert is_problem(api.post("/v1/segments/score", large), 413)
        chunks = (b" " * 1000 for _ in range(10))  # does not say how long it is
        assert is_problem(
            api.ask("POST", "/v1/segments/score", content=chunks, headers={"Content-Type": "application/json"}), 413
        )
        told = [api.get("/v1/segments", "marketing") for _ in range(8)]
        assert [one.status_code for one in told[:5]] == [200] * 5
        assert is_problem(told[-1], 429)
        assert int(told[-1].headers["Retry-After"]) >= 1
        assert api.get("/v1/segments", "dpo").status_code == 200


def test_what_is_not_published_says_which_command_makes_it(tmp_path: Path, key_file: Path) -> None:
    from footfall.lake import open_lake as opened  # noqa: PLC0415

    opened(tmp_path / "lake", create=True)
    with serving(tmp_path / "lake", key_file) as api:
        for path, command in {
            "/v1/segments": "footfall segments", "/v1/series": "footfall series", "/v1/forecasts": "footfall forecast",
            "/v1/incidents": "footfall detect", f"/v1/users/{'0' * 32}": "footfall segments",
        }.items():  # fmt: skip
            told = api.get(path)
            assert is_problem(told, 404)
            assert command in told.json()["detail"]
        assert is_problem(api.post("/v1/segments/score", {"users": [{"features": {}}]}), 404)
        assert api.get("/health", role=None).json()["users"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "' OR 1=1 --", "'; DROP TABLE incidents; --", "../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "\\x00",
        "all' UNION SELECT * FROM user_features --", "$p0", "{0}", "%s", "a" * 5000,
        "\u202e", "read_csv('/etc/passwd')",
    ],
)  # fmt: skip
def test_an_injection_gets_nothing(api: Server, text: str) -> None:
    for path in ("/v1/series", "/v1/forecasts", "/v1/anomalies", "/v1/incidents"):
        for name in ("metric", "member", "series_id", "cursor", "since", "incident_id"):
            told = api.get(path, params={name: text})
            assert told.status_code in ({404, 422} if name == "cursor" else {200, 422}), told.text
            assert "root:" not in told.text
            if told.status_code == 200 and name == "metric":
                assert told.json()["items"] == []
    for path in (f"/v1/segments/{text}", f"/v1/users/{text}", f"/v1/incidents/{text}", f"/{text}"):
        told = api.get(path)
        assert told.status_code in {404, 405, 422}, told.text
        assert "root:" not in told.text


_NAMES = st.sampled_from(["users", "features", "orders", "raw_user_id"])
_NEARLY_RIGHT = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | _NEARLY_RIGHT.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_it_fail(api: Server, content: bytes) -> None:
    for path in ("/v1/segments/score", "/v1/users/search"):
        told = api.ask("POST", path, content=content, headers={"Content-Type": "application/json"})
        assert told.status_code in {200, 400, 404, 422}, told.text


def test_without_keys_it_answers_this_machine_only(own_lake: Path, key_file: Path) -> None:
    with serving(own_lake, key_file, "--no-keys") as api:
        assert api.get("/v1/incidents", role=None).status_code == 200
        assert is_problem(api.get("/v1/incidents", role=None, headers={"Host": "evil.example"}), 403)


def test_a_server_without_the_key_of_the_pseudonyms_says_no_more_than_that(own_lake: Path, tmp_path: Path) -> None:
    with serving(own_lake, tmp_path / "no key") as api:
        told = api.post("/v1/users/search", {"raw_user_id": "512345678"})
        assert is_problem(told, 503)
        assert str(tmp_path) not in told.text


def test_a_new_version_is_seen_without_a_restart(own_lake: Path, key_file: Path) -> None:
    from footfall.pipeline.incidents import feedback  # noqa: PLC0415

    with serving(own_lake, key_file) as api:
        row = api.get("/v1/incidents").json()["items"][0]
        feedback(own_lake, row["incident_id"], "expected")
        for _ in range(100):
            found = api.get("/v1/incidents?limit=1").json()["items"][0]
            if found["verdict"] == "expected":
                return
        pytest.fail("the server answers from an old version")


def test_models_that_are_gone_are_told_and_missed_no_more_when_they_are_back(own_lake: Path, key_file: Path) -> None:
    user = rows(own_lake, "SELECT user_id FROM customer_segments LIMIT 1")[0]["user_id"]
    homes = {own_lake / "models" / "segments": "a", own_lake / "models" / "registry" / "artifacts": "b"}
    for home, name in homes.items():
        home.rename(own_lake.parent / name)
    with serving(own_lake, key_file) as api:
        for path in (f"/v1/users/{user}", "/health/ready"):
            assert is_problem(api.get(path), 503)
        assert "cannot be read" in api.get("/health").json()["status"]
        for home, name in homes.items():
            (own_lake.parent / name).rename(home)
        for _ in range(50):
            if api.get("/health/ready").status_code == 200:
                break
            time.sleep(0.1)
        assert api.get(f"/v1/users/{user}").json()["explanation"]
