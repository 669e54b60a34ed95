"""What people read: in two languages, with the shop's clock and the language's numbers."""

from datetime import datetime
from typing import Any

import pytest
from told_incidents import incident

from footfall.publish import Event, Message, message_of

PARIS = {"unit_of_money": "EUR", "timezone": "Europe/Paris"}


def plain(text: str) -> str:
    """With ordinary spaces, which are easier to read here."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def told(language: Any = "en", event: Event = "opened", **columns: Any) -> Message:
    return message_of(incident(**columns), event, language, **PARIS)


def test_a_whole_message_in_english() -> None:
    message = told()
    assert message.title == "Revenue (category electronics): 62% below expected"
    assert plain(message.body) == (
        "Since 21 November 2026, 14:00 (Europe/Paris).\n"
        "Actual: 18,400 EUR. Expected: 48,213 EUR (−62%). Furthest from expected: −71%.\n"  # noqa: RUF001
        "Lost so far: about 29,800 EUR and 310 orders.\n"
        "Main cause: brand apple, sony (84% of the change). It shows in 14 series.\n"
        "\n"
        "What to do next:\n"
        "  footfall incidents show a1b2c3d4      the details, series by series\n"
        "  footfall incidents ack a1b2c3d4       say that you are on it\n"
        "  footfall incidents snooze a1b2c3d4    no more messages for a while\n"
        "  footfall incidents feedback a1b2c3d4  add true, false or expected: what it was"
    )


def test_a_whole_message_in_french() -> None:
    message = told("fr", "closed", closed_at=datetime(2026, 11, 22, 8, 30), status="closed")
    assert (
        plain(message.title)
        == "Terminé \u2013 Chiffre d'affaires (catégorie electronics) : 62 % sous la valeur attendue"
    )
    assert plain(message.body) == (
        "Du 21 novembre 2026 à 14 h au 22 novembre 2026 à 9 h 30 (fuseau Europe/Paris).\n"
        "Constaté : 18 400 EUR. Attendu : 48 213 EUR (−62 %). Écart maximal : −71 %.\n"  # noqa: RUF001
        "Manque à gagner au total : environ 29 800 EUR et 310 commandes.\n"
        "Origine principale : marque apple, sony (84 % de l'écart). Visible dans 14 séries.\n"
        "\n"
        "Que faire ?\n"
        "  footfall incidents show a1b2c3d4      le détail, série par série\n"
        "  footfall incidents feedback a1b2c3d4  ajouter true, false ou expected : ce que c'était"
    )


def test_what_goes_on_after_its_end_says_so() -> None:
    assert plain(told("en", "reopened").title) == "On again \u2013 Revenue (category electronics): 62% below expected"
    french = told("fr", "reopened")
    assert plain(french.title).startswith("De nouveau \u2013 Chiffre d'affaires (catégorie electronics)")
    assert (french.at, "-reopened-" in french.id) == (incident()["updated_at"], True)
    assert "footfall incidents ack" in french.body


@pytest.mark.parametrize("language", ["en", "fr"])
def test_lost_data_is_an_alert_about_data(language: Any) -> None:
    message = told(language, kind="no_data", dimension="all", member="all", money=None, orders=None, value=None)
    texts = {
        "en": ("No data since 21 November 2026, 14:00", "it does not mean that nothing was sold"),
        "fr": ("Aucune donnée depuis le 21 novembre 2026 à 14 h", "elle ne signifie pas que rien n'a été vendu"),
    }
    assert plain(message.title) == texts[language][0]
    assert texts[language][1] in plain(message.body)
    assert "EUR" not in message.body
    over = told(language, "closed", kind="no_data", dimension="all", member="all", closed_at=datetime(2026, 11, 21, 20))
    assert over.title == {"en": "Data is arriving again", "fr": "Les données arrivent à nouveau"}[language]


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        (
            {"value": 600.0, "expected": 50.0, "side": "up"},
            "Revenue (category electronics): 12 times the expected value",
        ),
        ({"value": 60.0, "expected": 50.0, "side": "up"}, "Revenue (category electronics): 20% above expected"),
        ({"value": 60.0, "expected": 0.0, "side": "up"}, "Revenue (category electronics): far above expected"),
        ({"kind": "level_shift"}, "Revenue (category electronics): new level, 62% below expected"),
        ({"dimension": "all", "member": "all"}, "Revenue: 62% below expected"),
        ({"dimension": "brand", "member": "other"}, "Revenue (brand all others): 62% below expected"),
        ({"metric": "wishes"}, "wishes (category electronics): 62% below expected"),
    ],
)
def test_titles_say_what_and_how_much(columns: dict[str, Any], title: str) -> None:
    assert told(**columns).title == title


@pytest.mark.parametrize(
    ("money", "orders", "told_as"),
    [
        (-0.4, -1.0, "Lost so far: about 0.4 EUR and 1 order."),
        (None, -310.0, "Lost so far: about 310 orders."),
        (1234.0, -2.0, "Compared with what was expected: +1,230 EUR and −2 orders."),  # noqa: RUF001
        (None, None, None),
    ],
)
def test_what_it_costs(money: float | None, orders: float | None, told_as: str | None) -> None:
    lines = plain(told(money=money, orders=orders).body).splitlines()
    assert (told_as in lines) if told_as else not [line for line in lines if "Lost" in line or "Compared" in line]


def test_days_are_those_of_the_shop_even_far_from_greenwich() -> None:
    row = incident(series_id="day/revenue/all/all", onset=datetime(2026, 11, 20))
    assert "Since 20 November 2026 (America/New_York)." in message_of(
        row, "opened", "en", unit_of_money="$", timezone="America/New_York"
    ).body  # fmt: skip


def test_ids_tell_events_apart_and_stay() -> None:
    again = told(value=1.0, updated_at=datetime(2026, 11, 21, 23))
    assert told().id == again.id == "a1b2c3d4-opened"
    assert told(event="updated").id != told(event="updated", updated_at=datetime(2026, 11, 21, 23)).id
