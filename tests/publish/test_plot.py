"""The picture is one, of the right size, and shows what happened."""

import sys
from datetime import datetime
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from told_incidents import incident

from footfall.errors import SettingInvalid
from footfall.publish import plot_of
from footfall.publish.plot import HEIGHT, WIDTH

ORANGE = (0xD5, 0x5E, 0x00)


def hours(**columns: object) -> pd.DataFrame:
    times = pd.date_range("2026-11-19", "2026-11-21 20:00", freq="h")
    flat = pd.DataFrame({"ts": times, "value": 100.0, "expected": 100.0, "low": 80.0, "high": 120.0})
    flat.loc[times >= incident()["onset"], "value"] = 30.0
    return flat.assign(**columns)


def pixels(png: bytes) -> np.ndarray:
    return np.round(imread(BytesIO(png))[:, :, :3] * 255).astype(int)


def columns_in(png: bytes, colour: tuple[int, int, int]) -> np.ndarray:
    """How many pixels of a colour each column of the picture has."""
    return np.asarray((pixels(png) == colour).all(axis=2).sum(axis=0))


def test_it_is_a_png_of_800_by_360_that_marks_the_incident_where_it_is() -> None:
    png = plot_of(hours(), incident(), "en", unit_of_money="EUR", timezone="Europe/Paris")
    assert png.startswith(b"\x89PNG")
    assert pixels(png).shape[:2] == (HEIGHT, WIDTH)
    marked = np.flatnonzero(columns_in(png, ORANGE))
    # The last 7 of 68 hours, on an axis that ends near the right edge.
    assert 0.8 * WIDTH < marked.min() < 0.9 * WIDTH < 0.97 * WIDTH < marked.max() < WIDTH


def test_languages_and_days_are_drawn_too() -> None:
    pictures = {plot_of(hours(), incident(), language) for language in ("en", "fr")}
    assert len(pictures) == 2
    days = hours(ts=pd.date_range("2026-09-14", periods=len(hours())))
    row = incident(series_id="day/conversion/all/all", metric="conversion", onset=datetime(2026, 11, 14))
    assert columns_in(plot_of(days, row, "fr"), ORANGE).any()


def test_hours_without_data_are_a_gap() -> None:
    whole = hours()
    gap = whole.assign(value=whole["value"].where(~whole["ts"].between("2026-11-20", "2026-11-20 12:00")))
    blue = (0x00, 0x72, 0xB2)
    drawn = [(columns_in(plot_of(rows, incident(), "en"), blue) > 0).sum() for rows in (whole, gap)]
    assert drawn[0] - drawn[1] > 0.15 * WIDTH


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SettingInvalid, match=r'pip install "footfall\[notify\]"'):
        plot_of(hours(), incident(), "en")
