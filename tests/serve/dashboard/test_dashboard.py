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
from footfall.serve.views.published import Published, Row
from footfall.settings import load_settings

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
    command = tab.page.locator("[data-testid=stCode]").first.inner_text()
    assert "--lake" in command
    assert path != "forecasts" or command.startswith("footfall series")  # without them there is nothing to forecast


def _go(tab: Tab, name: str) -> None:
    """Follow a link to a page."""
    tab.page.get_by_role("link", name=name).click()
    tab.page.get_by_role("heading", name=name, exact=True).wait_for()
    tab.settle()


def _shown(tab: Tab, label: str) -> str:
    """What a list shows as chosen."""
    return str(tab.page.get_by_role("combobox", name=label).input_value())


@pytest.mark.parametrize("choice", ["Last 90 days", "All days"])
def test_the_period_acts_on_all_pages_and_stays_with_links_and_reloads(tab: Tab, dashboard: str, choice: str) -> None:
    tab.open(dashboard)
    assert "28 days" in tab.text
    tab.choose("Period", choice)
    assert "28 days" not in tab.text
    for page in ("Anomalies", "Forecasts"):
        _go(tab, page)
        assert f"period={choice[5:7] if '90' in choice else 'all'}" in tab.page.url
        assert _shown(tab, "Period") == choice
    tab.page.reload()
    tab.settle()
    assert _shown(tab, "Period") == choice


def test_named_days_are_in_the_address_and_stay_with_links_and_reloads(tab: Tab, dashboard: str) -> None:
    told = "Du 5 octobre 2019 au 11 octobre 2019\u00a0: 7 jours"
    tab.open(dashboard, period="dates", days="2019-10-05..2019-10-11", language="fr")
    assert told in tab.text
    tab.page.reload()
    tab.settle()
    assert told in tab.text
    for page in ("Anomalies", "Vue d'ensemble"):
        _go(tab, page)
        assert "period=dates&days=2019-10-05..2019-10-11" in tab.page.url
    assert told in tab.text


def test_days_that_the_shop_has_not_are_left_out_or_said(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, period="dates", days="2010-01-01..2019-10-04")
    assert "1 October 2019 to 4 October 2019: 4 days" in tab.text
    for days in ("2031-01-01..2031-02-01", "soon"):
        tab.open(dashboard, period="dates", days=days)
        assert f"The address asks for \u201c{days}\u201d: the shop has no such days" in tab.text
        assert ": 28 days" in tab.text
    tab.open(dashboard, period="dates", days="soon", language="fr")
    assert "L'adresse demande «\u00a0soon\u00a0»" in tab.text


def test_a_period_of_one_day_is_said_and_drawn_as_one(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, period="dates", days="2019-10-10..2019-10-10")
    assert "On 10 October 2019. Changes are against the day before." in tab.text
    chart = tab.page.locator(".st-key-card-revenue")
    points = chart.locator(".scatterlayer .points path")
    points.first.wait_for()  # a chart is drawn after the script has run
    assert points.count() == 2
    assert "10 Oct" in str(chart.locator(".xtick").first.text_content())
    tab.open(dashboard, period="dates", days="2019-10-10..2019-10-10", language="fr")
    assert "Le 10 octobre 2019. Les évolutions portent sur la veille." in tab.text


def test_back_and_forward_take_choices_back(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard)
    seen = [tab.page.url]
    for choice in ("Last 90 days", "Last 7 days"):
        tab.choose("Period", choice)
        tab.page.wait_for_url(lambda url: url not in seen)
        seen.append(tab.page.url)
    for move, choice, told in (
        (tab.page.go_back, "Last 90 days", seen[1]),
        (tab.page.go_back, "Last 28 days", seen[0]),
        (tab.page.go_forward, "Last 90 days", seen[1]),
    ):
        move()
        tab.settle()
        assert (_shown(tab, "Period"), tab.page.url) == (choice, told)


def test_the_language_changes_in_place(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "quality", reason="bad_timestamp", period="90")
    tab.page.get_by_role("radio", name="Français").click()
    tab.page.get_by_role("heading", name="Qualité des données").wait_for()
    tab.settle()
    assert "lang=fr" in tab.page.url
    assert "reason=bad_timestamp" in tab.page.url
    assert _shown(tab, "Motif") == "date inutilisable"
    assert _shown(tab, "Période") == "90 derniers jours"


@EVERY_PAGE
def test_a_browser_tab_has_its_page_s_name(tab: Tab, dashboard: str, path: str) -> None:
    tab.open(dashboard, path, "fr")
    assert tab.page.title() == f"{PAGES[path].TITLE.fr} \u00b7 Footfall"


def test_charts_and_tables_give_their_data(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "overview")
    found = rows_of(tab.download("Download the data (CSV)"))
    assert {row["metric"] for row in found} == {"revenue"}
    assert len(found) == 56


def _incidents(lake: Path) -> list[Row]:
    found = Published(load_settings(lake=lake), threads=1).rows("SELECT * FROM incidents ORDER BY onset")
    assert len(found) > 1
    return found


def test_an_incident_is_acknowledged_snoozed_and_judged(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    goes_on = next(row["incident_id"] for row in _incidents(shop_lake) if row["status"] == "open")
    tab.open(dashboard, "anomalies", period="all", incident=goes_on)
    tab.press("Acknowledge")
    tab.page.get_by_text("acknowledged ").wait_for()
    tab.page.get_by_text("Noted", exact=True).wait_for()
    tab.press("Snooze")
    tab.page.get_by_text("snoozed until").wait_for()
    tab.choose("It was", "a false alert")
    tab.press("Give feedback")
    tab.page.get_by_text("; a false alert").wait_for()
    told = [
        one for one in audited(shop_lake) if one["via"] == "dashboard" and str(one["what"]).startswith("incidents.")
    ]
    assert [(one["what"], one["target"]) for one in told] == [
        ("incidents.acknowledge", goes_on), ("incidents.snooze", goes_on), ("incidents.feedback", goes_on),
    ]  # fmt: skip


def test_an_incident_that_is_over_is_not_snoozed(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    over = next(row["incident_id"] for row in _incidents(shop_lake) if row["status"] == "closed")
    tab.open(dashboard, "anomalies", incident=over)
    assert tab.page.get_by_role("button", name="Snooze").is_disabled()
    assert tab.page.get_by_role("button", name="Acknowledge").is_enabled()


def test_an_incident_of_the_address_is_shown_whatever_the_period(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    row = _incidents(shop_lake)[0]
    name, day = row["incident_id"], "2019-10-01..2019-10-01"
    for language, outside in (("en", "lies outside the period"), ("fr", "hors de la période")):
        tab.open(dashboard, "anomalies", language, period="dates", days=day, incident=name)  # type: ignore[arg-type]
        assert name in tab.page.locator(".st-key-card-facts").inner_text()
        assert outside in tab.text
    tab.choose("Période", "Tous les jours")
    assert name in tab.page.locator(".st-key-card-facts").inner_text()
    assert "hors de la période" not in tab.text


def test_an_incident_that_is_not_there_is_said_and_no_other_is_shown(tab: Tab, dashboard: str) -> None:
    for language, said in (("en", "No such incident"), ("fr", "Incident inconnu")):
        tab.open(dashboard, "anomalies", language, period="all", incident="nope")  # type: ignore[arg-type]
        assert said in tab.text
        assert tab.page.locator(".st-key-card-facts").count() == 0
    assert "incident=nope" in tab.page.url


@pytest.mark.slow
def test_a_policy_is_replayed(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "anomalies", period="all")
    policy = tab.page.get_by_label("Policy (as in alerts.toml)")
    policy.fill("metrics = [")
    tab.press("Replay")
    tab.page.get_by_text("The policy above: is not valid TOML").wait_for()
    assert tab.page.get_by_role("progressbar").count() == 0
    policy.fill('metrics = ["orders"]')
    tab.page.get_by_role("button", name="Replay").click()
    tab.page.get_by_text("Alerts a week").wait_for(timeout=90_000)


def _list_spenders(tab: Tab) -> list[str]:
    """Ask for the list, and give its pseudonyms."""
    tab.page.get_by_text("Show the top spenders").click()
    tab.page.locator("td.ff-code").first.wait_for()
    tab.settle()
    return [str(one) for one in tab.page.locator("td.ff-code").all_inner_texts()]


def _look_for(tab: Tab, user: str) -> None:
    tab.page.get_by_label("Pseudonym").fill(user)
    tab.page.keyboard.press("Enter")
    tab.page.get_by_text(user, exact=True).first.wait_for()
    tab.page.wait_for_url(re.compile(f"user={user}"))
    tab.settle()


_TRIED = "[...document.querySelectorAll('.st-key-card-what-if .ff-value')].map(e => e.innerText).join()"


def _move_first_slider(tab: Tab) -> None:
    before = tab.page.evaluate(_TRIED)
    tab.page.get_by_role("slider").first.focus()
    for _ in range(15):
        tab.page.keyboard.press("ArrowLeft")
    tab.page.wait_for_function(f"before => {_TRIED} !== before", arg=before)
    tab.page.wait_for_url(re.compile("whatif="))
    tab.page.wait_for_timeout(2000)  # each of the steps was scored
    tab.settle()


def test_top_spenders_are_listed_and_noted_when_asked_for(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    def listed() -> list[dict[str, object]]:
        return [one for one in audited(shop_lake) if one["what"] == "users.list"]

    before = listed()
    tab.open(dashboard, "users")
    assert tab.page.locator("td.ff-code").count() == 0
    assert listed() == before
    users = _list_spenders(tab)
    assert len(users) == 20
    assert listed()[len(before) :][0]["users"] == users


def test_a_user_is_found_explained_and_tried(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    tab.open(dashboard, "users")
    user = _list_spenders(tab)[0]
    _look_for(tab, user)
    tab.page.get_by_role("heading", name=re.compile("^Why ")).wait_for()
    assert tab.page.locator(".st-key-card-why").bounding_box()["y"] < 600
    assert "users.read" in [one["what"] for one in audited(shop_lake) if one.get("users") == [user]]
    _move_first_slider(tab)
    tried = tab.page.evaluate(_TRIED)
    tab.page.reload()
    tab.settle()
    assert tab.page.evaluate(_TRIED) == tried


def test_what_was_tried_on_a_user_is_not_tried_on_the_next(tab: Tab, dashboard: str) -> None:
    tab.open(dashboard, "users")
    first, second, *_ = _list_spenders(tab)
    tab.open(dashboard, "users", user=second)
    untouched = tab.page.evaluate(_TRIED)
    _look_for(tab, first)
    _move_first_slider(tab)
    moved = tab.page.evaluate(_TRIED)
    _look_for(tab, second)
    assert "whatif" not in tab.page.url
    assert tab.page.evaluate(_TRIED) == untouched
    tab.page.go_back()
    tab.page.get_by_text(first, exact=True).first.wait_for()
    tab.settle()
    assert tab.page.evaluate(_TRIED) == moved


def test_what_is_no_user_is_said_and_not_in_the_address(tab: Tab, dashboard: str, shop_lake: Path) -> None:
    tab.open(dashboard, "users", user="somebody")
    assert "That is no pseudonym" in tab.text
    assert tab.page.locator(".st-key-card-find code").inner_text().startswith("footfall segment explain")
    assert "somebody" not in tab.page.url
    tab.open(dashboard, "users", user="0" * 32)
    assert "No such user" in tab.text
    assert any(one["outcome"] == "not_found" for one in audited(shop_lake))
    tab.page.get_by_label("Pseudonym").fill("512345678")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_text("That is no pseudonym").wait_for()
    tab.settle()
    assert "user=" not in tab.page.url
    assert tab.page.get_by_label("Pseudonym").input_value() == "512345678"


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
    assert "Your key has the role marketing, which" in tab.text
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
