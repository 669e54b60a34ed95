"""The file that says what a shop knows in advance."""

from datetime import date
from pathlib import Path

import pytest

from footfall.errors import SettingInvalid
from footfall.series import ShopCalendar, read_calendar

GOOD = """
country = "GB-ENG"

[[sale]]
name = "Black Friday"
from = 2019-11-29
to = 2019-12-02
intensity = 2.5

[[closed]]
name = "Stocktaking"
from = 2019-06-29
to = 2019-06-30
"""


def calendar(text: str, folder: Path) -> ShopCalendar:
    file = folder / "sales.toml"
    file.write_text(text, "utf-8")
    return read_calendar(file)


def test_sales_closed_days_and_holidays(tmp_path: Path) -> None:
    found = calendar(GOOD, tmp_path)
    assert [(sale.name, len(sale.days()), sale.intensity) for sale in found.sale] == [("Black Friday", 4, 2.5)]
    closed = found.closed_days([2019])
    assert {date(2019, 6, 29), date(2019, 6, 30), date(2019, 12, 25), date(2019, 4, 22)} <= closed
    assert date(2019, 11, 29) not in closed
    assert found.holidays([2019])[date(2019, 4, 22)] == "Easter Monday"


def test_without_a_file_nothing_is_known() -> None:
    assert ShopCalendar().closed_days(range(2000, 2030)) == frozenset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            GOOD.replace("2019-12-02", "2019-11-02"),
            'sale number 1: "Black Friday" ends on 2019-11-02, before',
        ),
        (
            GOOD.replace("intensity", "announced = 2019-11-30\nintensity"),
            'sale number 1: "Black Friday" is announced on 2019-11-30, after it begins on 2019-11-29',
        ),
        (GOOD.replace("2.5", "-1"), "sale number 1 intensity: Input should be greater than 0"),
        (GOOD.replace("2019-06-29", '"soon"'), "closed number 1 from"),
        (GOOD.replace('name = "Stocktaking"', ""), "closed number 1 name: Field required"),
        (GOOD.replace("[[sale]]", "[[sales]]"), "sales: Extra inputs are not permitted"),
        (GOOD.replace("GB-ENG", "Mars"), '"Mars" is no country'),
        (GOOD.replace("GB-ENG", "GB-XX"), '"XX" is no part of GB with holidays of its own; known are: ENG'),
        ("[[sale", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=r"calendar .*sales\.toml: ") as caught:
        calendar(text, tmp_path)
    assert told in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="cannot be read"):
        read_calendar(tmp_path / "sales.toml")
