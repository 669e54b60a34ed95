"""The dashboard as people see it: a real browser, a real server, a small shop."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from visitors import Tab

from footfall.lake import open_lake
from footfall.publish.language import Language
from footfall.serve.access import KeyStore, access_folder
from footfall.serve.dashboard.pages import anomalies, forecasts, models, overview, quality, segments, users

PAGES = {
    "overview": overview, "segments": segments, "users": users, "forecasts": forecasts, "anomalies": anomalies,
    "quality": quality, "models": models,
}  # fmt: skip
LANGUAGES: tuple[Language, ...] = ("en", "fr")
EVERY_PAGE = pytest.mark.parametrize("path", PAGES)


def audited(lake: Path) -> list[dict[str, object]]:
    files = sorted((lake / "access" / "audit").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@EVERY_PAGE
def test_pages_speak_both_languages_to_everyone(tab: Tab, dashboard: str, path: str) -> None:
    for language in LANGUAGES:
        tab.open(dashboard, path, language)
        assert tab.page.locator("h1").inner_text() == PAGES[path].TITLE.of(language)
        assert PAGES[path].NOTE.of(language) in tab.text
        assert "Nothing here yet" not in tab.text
        assert tab.page.evaluate("document.documentElement.lang") == language
        assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tab.must_be_sound()
    assert tab.barriers() == []


@pytest.mark.parametrize("path", [path for path in PAGES if path != "quality"])
def test_an_empty_page_names_the_command_that_fills_it(tab: Tab, raw_dashboard: str, path: str) -> None:
    tab.open(raw_dashboard, path)
    assert "Nothing here yet" in tab.text
    assert "--lake" in tab.page.locator("[data-testid=stCode]").first.inner_text()


def test_the_period_acts_on_all_pages_and_stays_with_links_and_reloads(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard)
    assert "28 days" in tab.text
    tab.choose("Period", "Last 7 days")
    assert "7 days. Changes" in tab.text
    tab.page.get_by_role("link", name="Anomalies").click()
    tab.page.get_by_role("heading", name="Anomalies", exact=True).wait_for()
    tab.settle()
    assert "period=7" in tab.page.url
    tab.page.reload()
    tab.settle()
    assert tab.page.get_by_role("combobox", name="Period").input_value() == "Last 7 days"


def test_named_days_are_in_the_address(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, period="dates", days="2019-10-05..2019-10-11", language="fr")
    assert "Du 5 octobre 2019 au 11 octobre 2019\u00a0: 7 jours" in tab.text
    tab.page.reload()
    tab.settle()
    assert "Du 5 octobre 2019 au 11 octobre 2019\u00a0: 7 jours" in tab.text


def test_the_language_changes_in_place(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "quality", reason="bad_timestamp")
    tab.page.get_by_role("radio", name="Français").click()
    tab.page.get_by_role("heading", name="Qualité des données").wait_for()
    tab.settle()
    assert "lang=fr" in tab.page.url
    assert "reason=bad_timestamp" in tab.page.url
    assert "date inutilisable" in tab.text


def test_charts_and_tables_give_their_data(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "overview")
    found = rows_of(tab.download("Download the data (CSV)"))
    assert {row["metric"] for row in found} == {"revenue"}
    assert len(found) == 56


def test_an_incident_is_acknowledged_snoozed_and_judged(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    tab.open(dashboard, "anomalies", period="all")
    tab.press("Acknowledge")
    tab.page.get_by_text("acknowledged ").wait_for()
    assert "Noted" in tab.text
    tab.press("Snooze")
    tab.page.get_by_text("snoozed until").wait_for()
    tab.choose("It was", "a false alert")
    tab.press("Give feedback")
    tab.page.get_by_text("; a false alert").wait_for()
    told = [one["what"] for one in audited(shop_lake) if one["via"] == "dashboard"]
    assert [one for one in told if str(one).startswith("incidents.")] == [
        "incidents.acknowledge", "incidents.snooze", "incidents.feedback",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_policy_is_replayed(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "anomalies", period="all")
    policy = tab.page.get_by_label("Policy (as in alerts.toml)")
    policy.fill("metrics = [")
    tab.press("Replay")
    tab.page.get_by_text("is not valid TOML").wait_for()
    policy.fill('metrics = ["orders"]')
    tab.page.get_by_role("button", name="Replay").click()
    tab.page.get_by_text("Alerts a week").wait_for(timeout=90_000)


def test_a_user_is_found_explained_and_tried(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    tab.open(dashboard, "users")
    user = tab.page.locator("td.ff-code").first.inner_text()
    tab.page.get_by_label("Pseudonym").fill(user)
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("heading", name=re.compile("^Why ")).wait_for()
    tab.settle()
    assert f"user={user}" in tab.page.url
    assert "users.read" in [one["what"] for one in audited(shop_lake) if one.get("users") == [user]]
    before = tab.page.locator(".st-key-card-what-if .ff-value").all_inner_texts()
    tab.page.get_by_role("slider").first.focus()
    for _ in range(15):
        tab.page.keyboard.press("ArrowLeft")
    tab.page.wait_for_function(
        "before => [...document.querySelectorAll('.st-key-card-what-if .ff-value')].map(e => e.innerText).join()"
        " !== before",
        arg=",".join(before),
    )
    tab.page.wait_for_url(re.compile("whatif="))
    tab.page.wait_for_timeout(2000)  # each of the fifteen steps was scored
    tab.settle()
    tried = tab.page.locator(".st-key-card-what-if .ff-value").all_inner_texts()
    tab.page.reload()
    tab.settle()
    assert tab.page.locator(".st-key-card-what-if .ff-value").all_inner_texts() == tried


def test_what_is_no_user_is_said(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    tab.open(dashboard, "users", user="somebody")
    assert "That is no pseudonym" in tab.text
    tab.open(dashboard, "users", user="0" * 32)
    assert "No such user" in tab.text
    assert any(one["outcome"] == "not_found" for one in audited(shop_lake))


def _choose_segment(tab: Tab, which: Callable[[int], bool]) -> int:
    """Choose a segment by its number of users."""
    rows = tab.page.locator(".st-key-card-all-segments tbody tr").all()
    sizes = [
        (row.locator("td").nth(0).inner_text(), int(row.locator("td").nth(2).inner_text().replace(",", "")))
        for row in rows
    ]
    name, users = next(one for one in sizes if which(one[1]))
    tab.choose("Segment", re.compile(f"^{re.escape(name)}$"))
    return users


def test_a_segment_is_exported_and_noted(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    tab.open(dashboard, "segments")
    number = _choose_segment(tab, lambda size: size >= 20)
    found = rows_of(tab.download(re.compile(r"^Export \d+ users")))
    assert len(found) == number
    assert list(found[0]) == ["user_id", "proba", "distance"]
    noted = audited(shop_lake)[-1]
    assert (noted["what"], noted["via"], noted["count"]) == ("segments.export", "dashboard", number)


def test_a_segment_of_few_users_is_not_exported_and_a_reload_shows_it_again(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "segments")
    number = _choose_segment(tab, lambda size: size < 20)
    assert f"It has {number} users. A list of fewer than 20 says too much" in tab.text
    assert tab.page.get_by_role("button", name=re.compile("^Export ")).count() == 0
    tab.page.reload()
    tab.settle()
    assert f"It has {number} users." in tab.text


def test_a_key_is_asked_for_and_never_in_the_address(tab: Tab, guarded: tuple[str, dict[str, str]]) -> None:
    address, keys = guarded
    tab.open(address, "segments")
    assert tab.page.locator("h1").count() == 0
    tab.page.get_by_label("API key").fill("ff_00000000_" + "x" * 43)
    tab.press("Sign in")
    tab.page.get_by_text("This key opens nothing").wait_for()
    tab.page.get_by_label("API key").fill(keys["marketing"])
    tab.press("Sign in")
    tab.page.get_by_role("heading", name="Segments", exact=True).wait_for()
    tab.settle()
    assert keys["marketing"] not in tab.page.url
    assert keys["marketing"] not in str(tab.page.context.cookies())


def test_who_signed_in_stays_so_until_they_sign_out(sign_in: Callable[[str, str], Tab]) -> None:
    tab = sign_in("marketing", "segments")
    heading = tab.page.get_by_role("heading", name="Segments", exact=True)
    heading.wait_for()
    tab.settle()
    tab.page.reload()
    heading.wait_for()
    tab.settle()
    other = Tab(tab.page.context.new_page())
    other.page.goto(tab.page.url)
    other.page.get_by_role("heading", name="Segments", exact=True).wait_for()
    other.settle()
    tab.press(re.compile("^Sign out"))
    tab.page.get_by_label("API key").wait_for()
    for one in (other, tab):
        one.page.reload()
        one.page.get_by_label("API key").wait_for()
        assert one.page.locator("h1").count() == 0


def test_a_revoked_key_opens_nothing_more(guarded: tuple[str, dict[str, str]], guarded_lake: Path, tab: Tab) -> None:
    key = KeyStore(access_folder(open_lake(guarded_lake))).create("leaves", ["marketing"])
    tab.open(guarded[0], "segments")
    tab.page.get_by_label("API key").fill(key)
    tab.press("Sign in")
    tab.page.get_by_role("heading", name="Segments", exact=True).wait_for()
    KeyStore(access_folder(open_lake(guarded_lake))).revoke("leaves")
    tab.page.wait_for_timeout(1500)  # servers look once a second
    tab.page.reload()
    tab.page.get_by_label("API key").wait_for()
    assert tab.page.locator("h1").count() == 0


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        ("marketing", ["Overview", "Segments", "Users", "Forecasts"]),
        ("operations", ["Overview", "Forecasts", "Anomalies", "Data quality", "Models"]),
    ],
)
def test_a_role_sees_its_pages_only(sign_in: Callable[[str, str], Tab], role: str, pages: list[str]) -> None:
    tab = sign_in(role, "overview")
    tab.page.get_by_role("heading", name="Overview", exact=True).wait_for()
    tab.settle()
    assert tab.page.locator(".st-key-nav a").all_inner_texts() == pages
    assert ("Open incidents" in tab.text) == (role == "operations")


def test_a_page_that_is_not_allowed_says_so(sign_in: Callable[[str, str], Tab]) -> None:
    tab = sign_in("marketing", "models")
    tab.page.get_by_text("Not for your roles").wait_for()
    assert "champion" not in tab.text


def test_who_may_promotes_a_version_and_rolls_back(sign_in: Callable[[str, str], Tab]) -> None:
    tab = sign_in("data_science", "models")
    tab.page.get_by_role("button", name="Promote v").click()
    tab.page.get_by_text(" serves; ").wait_for(timeout=30_000)
    promoted = tab.page.locator(".ff-value").first.inner_text()
    tab.settle()
    tab.press("Roll back to the one before")
    tab.page.get_by_text(f"{promoted} served before").wait_for(timeout=30_000)
    assert tab.page.locator(".ff-value").first.inner_text() != promoted


def test_who_may_only_look_cannot_act(sign_in: Callable[[str, str], Tab]) -> None:
    tab = sign_in("data_science", "anomalies")
    tab.page.get_by_text("Your roles may look only").wait_for()
    assert tab.page.get_by_role("button", name="Acknowledge").is_disabled()
    tab.page.get_by_role("link", name="Segments").click()
    tab.page.get_by_text("Your roles do not include exports").wait_for()
    assert tab.page.get_by_role("button", name=re.compile("^Export ")).count() == 0
