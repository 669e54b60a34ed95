"""The leading series of an incident as a picture, drawn without a browser."""

from io import BytesIO
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from footfall.errors import SettingInvalid
from footfall.pages import colours
from footfall.publish import wording
from footfall.publish.channel import NEEDS_EXTRA
from footfall.publish.language import Language, clock, number, percent, short_day
from footfall.publish.names import Incident, is_daily, metric_of, name_of, shop_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 800, 360
"""Of the picture, in pixels."""

_DPI = 100
_SMALL, _LARGE = 9, 12
_TITLE_LETTERS = 70
_FEWEST_TICKS, _MOST_TICKS = 4, 9
_MARGIN = 0.01


def plot_of(
    series: pd.DataFrame, incident: Incident, language: Language, *, unit_of_money: str = "", timezone: str = "UTC"
) -> bytes:
    """Draw the leading series: what happened, what was to be expected, and the incident.

    Args:
        series: `ts` (naive UTC; dates where it is counted by day), `value`, `expected`, `low` and `high`: a row for
            each bucket around the incident. A value that is null leaves a gap.
        incident: a row of the contract `incidents`.
        language: of the text.
        unit_of_money: the shop's currency; empty where it is not known.
        timezone: of the shop; the axis is in it.

    Returns:
        A PNG of 800 x 360 pixels.

    Raises:
        SettingInvalid: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingInvalid(NEEDS_EXTRA) from None
    # Figures of their own are drawn by Agg, and no window system is ever asked.
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    rows = series.assign(ts=series["ts"].dt.tz_localize("UTC")).sort_values("ts")
    _draw(axes, rows, _stretch(rows, incident, timezone), language)
    _label_time(axes, rows, incident, language, timezone)
    _label_values(axes, rows, incident, language, unit_of_money)
    axes.set_title(_shortened(name_of(incident, language)), loc="left", fontsize=_LARGE, color=colours.INK)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=_SMALL, labelcolor=colours.INK)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _stretch(rows: pd.DataFrame, incident: Incident, timezone: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From the onset to the end, or to the last bucket that was judged."""
    end: str = "updated_at" if pd.isna(incident["closed_at"]) else "closed_at"
    first, last = (_on_axis(incident, column, timezone) for column in ("onset", end))
    return max(first, rows["ts"].iloc[0]), min(last, rows["ts"].iloc[-1])


def _on_axis(incident: Incident, column: str, timezone: str) -> pd.Timestamp:
    """UTC for hours; for days the date, as in `ts`."""
    when = pd.Timestamp(shop_time(incident, column, timezone))
    return when.tz_localize(None).tz_localize("UTC") if is_daily(incident) else when.tz_convert("UTC")


def _draw(axes: "Axes", rows: pd.DataFrame, stretch: tuple[pd.Timestamp, pd.Timestamp], language: Language) -> None:
    from matplotlib.dates import date2num  # noqa: PLC0415 - an extra

    inside = rows[rows["ts"].between(*stretch)]
    times = rows["ts"]
    axes.axvspan(
        *date2num(stretch), color=colours.WARNING, alpha=0.18, linewidth=0, label=wording.ANOMALOUS.of(language)
    )
    band, expected, actual = (text.of(language) for text in (wording.BAND, wording.EXPECTED, wording.ACTUAL))
    axes.fill_between(times, rows["low"], rows["high"], color=colours.QUIET, alpha=0.45, linewidth=0, label=band)
    axes.plot(times, rows["expected"], color=colours.MUTED, linewidth=1.2, linestyle="--", label=expected)
    axes.plot(times, rows["value"], color=colours.ACCENT, linewidth=1.8, label=actual)
    axes.plot(inside["ts"], inside["value"], color=colours.WARNING, linewidth=2.2, marker="o", markersize=3)


def _label_time(axes: "Axes", rows: pd.DataFrame, incident: Incident, language: Language, timezone: str) -> None:
    from matplotlib.dates import AutoDateLocator, num2date  # noqa: PLC0415 - an extra

    zone = ZoneInfo("UTC" if is_daily(incident) else timezone)
    first, last = (rows["ts"].iloc[place].tz_convert(zone) for place in (0, -1))
    places = AutoDateLocator(tz=zone, minticks=_FEWEST_TICKS, maxticks=_MOST_TICKS).tick_values(first, last)
    ticks = [place for place in num2date(places, tz=zone) if first <= place <= last]
    labels = [
        short_day(tick, language) if is_daily(incident) or tick.hour == 0 else clock(tick, language) for tick in ticks
    ]
    if labels and not is_daily(incident) and ticks[0].hour != 0:
        labels[0] += f"\n{short_day(ticks[0], language)}"
    axes.set_xticks(ticks, labels)
    axes.set_xlim(first, last + (last - first) * _MARGIN)
    label = wording.DAYS.of(language) if is_daily(incident) else wording.HOURS.of(language).format(zone=timezone)
    axes.set_xlabel(label, fontsize=_SMALL, color=colours.MUTED)


def _label_values(axes: "Axes", rows: pd.DataFrame, incident: Incident, language: Language, unit_of_money: str) -> None:
    metric = incident["metric"]
    unit = unit_of_money if metric in wording.IN_MONEY else ""
    label = metric_of(incident, language) + (f" ({unit})" if unit else "")
    axes.set_ylabel(label, fontsize=_SMALL, color=colours.MUTED)
    written = percent if metric in wording.IN_PER_CENT else number
    axes.yaxis.set_major_formatter(lambda value, _place: written(float(f"{value:.6g}"), language))
    if (rows[["value", "expected", "low"]].fillna(0) >= 0).all(axis=None):
        axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=_SMALL, labelcolor=colours.INK, color=colours.RULE, length=3)
    axes.grid(axis="y", color=colours.RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(colours.RULE)


def _shortened(title: str) -> str:
    return title if len(title) <= _TITLE_LETTERS else f"{title[: _TITLE_LETTERS - 1]}…"
