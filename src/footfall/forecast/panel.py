"""Series that can be forecast: on one regular grid, every bucket with a status, and what is odd about a series said."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from footfall.contracts import CLOSED, COMPLETE, MISSING, PARTIAL
from footfall.errors import SourceUnreadable
from footfall.forecast.history import LONG_STEPS, OWN, days_of, own_columns

_STEPS = {60: "min", 300: "5min", 600: "10min", 900: "15min", 1800: "30min", 3600: "h", 86400: "D", 604800: "7D"}
_SEASONS = {"min": 1440, "5min": 288, "10min": 144, "15min": 96, "30min": 48, "h": 24, "D": 7, "7D": 52, "MS": 12}
_COLUMNS = ("series_id", "ts", "value")
_NAMES = {"min": "a minute", "h": "an hour", "D": "a day", "7D": "a week", "MS": "a month, stamped with its first day"}
_CLOSED_SHARE, _WEEKS_TO_CLOSE = 0.02, 8


@dataclass(frozen=True)
class Panel:
    """Series of one frequency.

    Args:
        rows: `series_id`, `ts`, `value` (null where unknown) and `status` (complete, partial, closed, missing); sorted,
            and every series without a gap; and own columns, `own price` for `price`, null where not known.
        freq: the step from bucket to bucket, as pandas writes it.
        notes: what is odd about a series that is in the rows.
        left_out: why a series is not.
        hierarchy: `series_id`, `parent` (null for the total), `dimension`: members of a dimension sum to their parent.
            None where series do not sum.
        known_ahead: own columns whose values are known before their buckets come. Rows of buckets to come, which are
            partial, have them.
    """

    rows: pd.DataFrame
    freq: str
    notes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    hierarchy: pd.DataFrame | None = None
    known_ahead: tuple[str, ...] = ()

    @property
    def season(self) -> int:
        """Buckets in a season: a day of hours, a week of days, a year of weeks or months."""
        return _SEASONS[self.freq]


def read_csv(file: Path, known_ahead: Sequence[str] = ()) -> Panel:
    """Anyone's own series: a file with the columns `series_id`, `ts` and `value`, and others that hold numbers.

    The frequency is the most common step between time stamps: minutes to months. An empty value, and a bucket that has
    no line, is missing. A time zone in `ts` is left away for days and longer steps, and taken into account below.

    Args:
        file: which.
        known_ahead: columns whose values are known before their buckets come. With them, lines after the last value of
            the file are buckets to come.

    Raises:
        SourceUnreadable: the file cannot be read as such; file, line and column are told. What is wrong with one series
            is in the panel's `left_out`, and the others are read.
    """
    texts = _texts(file)
    lines = _lines(file, texts, known_ahead)
    freq = _frequency(lines, file)
    known = lines.ts[lines.value.notna()]
    end = known.max() if known_ahead and len(known) else lines.ts.max()
    good, left_out = [], {}
    notes = _notes_on_columns(file, list(texts.columns.drop(list(_COLUMNS))), lines, known_ahead)
    for name, ours in lines.groupby("series_id", sort=True):
        try:
            regular = _on_grid(ours, freq, end)
        except ValueError as error:
            left_out[str(name)] = str(error)
            continue
        good.append(regular.assign(series_id=name))
        if note := _note(regular[regular.ts <= end], freq):
            notes[str(name)] = note
    rows = pd.concat(good, ignore_index=True) if good else lines.assign(status=MISSING).iloc[:0]
    columns = ["series_id", "ts", "value", "status", *own_columns(lines)]
    return Panel(rows[columns], freq, notes, left_out, known_ahead=tuple(OWN + name for name in known_ahead))


def shut(panel: Panel, days: Set[date], timezone: str) -> Panel:
    """The series, closed on these days where they have a 0; weeks and months never are."""
    if panel.freq in LONG_STEPS:
        return panel
    is_shut = (panel.rows.value == 0) & days_of(panel.rows.ts, panel.freq, timezone).isin(days)
    return replace(panel, rows=panel.rows.assign(status=panel.rows.status.mask(is_shut, CLOSED)))


def _texts(file: Path) -> pd.DataFrame:
    """The file as it is written."""
    try:
        with pa_csv.open_csv(file) as opened:
            text = dict.fromkeys(opened.schema.names, pa.string())
        options = pa_csv.ConvertOptions(column_types=text, strings_can_be_null=True, null_values=[""])
        table = pa_csv.read_csv(file, convert_options=options)
    except OSError as error:
        raise SourceUnreadable(f"{file}: cannot be read ({error.strerror or error})") from error
    except pa.ArrowInvalid as error:
        raise SourceUnreadable(f"{file}: is not CSV: {error}") from error
    if lacking := [name for name in _COLUMNS if name not in table.column_names]:
        raise SourceUnreadable(
            f"{file}, line 1: there is no column {', '.join(lacking)}, but {', '.join(table.column_names)}; "
            "columns are divided by commas, and series_id, ts and value are needed"
        )
    if doubled := sorted({name for name in table.column_names if table.column_names.count(name) > 1}):
        raise SourceUnreadable(f"{file}, line 1: column {', '.join(doubled)} is there more than once; keep one")
    if not len(table):
        raise SourceUnreadable(f"{file}: holds no rows; columns series_id, ts and value are there")
    lines: pd.DataFrame = table.to_pandas()
    numbers = lines.columns.drop(["series_id", "ts"])  # a series may well be called NA
    lines[numbers] = lines[numbers].mask(lines[numbers].isin(pa_csv.ConvertOptions().null_values))
    return lines


def _lines(file: Path, texts: pd.DataFrame, known_ahead: Sequence[str]) -> pd.DataFrame:
    """Series, moments, values and own columns, in order."""
    values = pd.to_numeric(texts.value, errors="coerce")
    _refuse(file, texts.value, texts.value.notna() & ~np.isfinite(values), "value", "a number with a point, or empty")
    moments = _moments(texts.ts.fillna(""))
    _refuse(file, texts.ts, moments.isna(), "ts", "a date or a moment, like 2020-01-31 or 2020-01-31T18:00")
    every = _own_columns(file, texts.drop(columns=list(_COLUMNS)), known_ahead)
    every = every.assign(series_id=texts.series_id.fillna(""), ts=moments, value=values)
    return every.sort_values(["series_id", "ts"], kind="stable", ignore_index=True)


def _own_columns(file: Path, texts: pd.DataFrame, known_ahead: Sequence[str]) -> pd.DataFrame:
    """Columns beside the values that hold numbers; one without a name, as an index is written, is none."""
    own = {}
    for name in filter(None, map(str, texts)):
        numbers = pd.to_numeric(texts[name], errors="coerce")
        if numbers.notna().sum() > texts[name].notna().sum() / 2:
            is_wrong = texts[name].notna() & ~np.isfinite(numbers)
            _refuse(file, texts[name], is_wrong, name, "a number with a point, or empty, as most of this column are")
            own[OWN + name] = numbers.astype(np.float64)
    if lacking := [name for name in known_ahead if OWN + name not in own]:
        raise SourceUnreadable(
            f"{file}, line 1: --known-ahead {lacking[0]} is no column that holds numbers beside the values; "
            f"those are: {', '.join(name.removeprefix(OWN) for name in own) or 'none'}"
        )
    return pd.DataFrame(own, texts.index)


def _notes_on_columns(
    file: Path, names: Sequence[str], lines: pd.DataFrame, known_ahead: Sequence[str]
) -> dict[str, str]:
    """How the columns beside the values are used, where there are some."""
    uses: dict[str, list[str]] = {}
    for name in names:
        use = "known ahead" if name in known_ahead else "used up to the origin" if OWN + name in lines else "not used"
        uses.setdefault(use, []).append(f'"{name}"')
    told = [f"{', '.join(ours)} {'are' if len(ours) > 1 else 'is'} {use}" for use, ours in uses.items()]
    beyond = int((lines.ts > lines.ts[lines.value.notna()].max()).sum())
    if beyond and own_columns(lines) and not known_ahead:
        told.append(f"{beyond:,} lines after the last value are missing; --known-ahead COLUMN makes them lines to come")
    return {file.name: f"has more columns: {'; '.join(told)}"} if told else {}


def _refuse(file: Path, texts: pd.Series, is_wrong: pd.Series, column: str, wanted: str) -> None:
    if is_wrong.any():
        first = int(is_wrong.to_numpy().argmax())
        raise SourceUnreadable(
            f'{file}, line {first + 2}: {column} is "{texts[first]}" and must be {wanted}; '
            f"{is_wrong.sum():,} of {len(texts):,} rows are so"
        )


def _moments(texts: pd.Series) -> pd.Series:
    """Moments without a time zone: the time on the wall where all are midnights there, else UTC."""
    wall = pd.to_datetime(texts.str.replace(r"(Z|[+-]\d\d:?\d\d)$", "", regex=True), errors="coerce", format="ISO8601")
    if (wall == wall.dt.normalize()).all() or not texts.str.contains(r"\d(?:Z|[+-]\d\d:?\d\d)$", regex=True).any():
        return wall
    return pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601").dt.tz_localize(None)


def _frequency(lines: pd.DataFrame, file: Path) -> str:
    steps = lines.groupby("series_id").ts.diff().dropna()
    steps = steps[steps > pd.Timedelta(0)]
    if steps.empty:
        raise SourceUnreadable(f"{file}: no series has two time stamps, so their step cannot be told")
    days = steps.mode()[0] / pd.Timedelta(days=1)
    if 28 <= days <= 31:
        return "MS"
    seconds = round(days * 86400)
    if seconds not in _STEPS:
        raise SourceUnreadable(
            f"{file}: the most common step between time stamps is {steps.mode()[0]}; "
            "known are 1, 5, 10, 15 and 30 minutes, hours, days, weeks and months"
        )
    return _STEPS[seconds]


def _on_grid(lines: pd.DataFrame, freq: str, end: pd.Timestamp) -> pd.DataFrame:
    """The series with every bucket of its time, partial after the end. What cannot be is told as a ValueError."""
    if lines.ts.iloc[0] > end:
        raise ValueError("has only buckets to come, and no past to learn from")
    doubled = lines.ts.duplicated()
    if doubled.any():
        raise ValueError(
            f"{doubled.sum():,} time stamps occur more than once, the first is {lines.ts[doubled].iloc[0]}; "
            "keep one line for each"
        )
    grid = pd.date_range(lines.ts.iloc[0], lines.ts.iloc[-1], freq=freq)
    apart = ~lines.ts.isin(grid)
    if apart.any():
        raise ValueError(
            f"{apart.sum():,} time stamps do not lie a whole number of steps ({_NAMES.get(freq, freq)}) after "
            f"{lines.ts.iloc[0]}, the first is {lines.ts[apart].iloc[0]}; bring them all to the start of their bucket, "
            "in one time zone"
        )
    found = lines.set_index("ts").reindex(grid).rename_axis("ts")
    values = found.value[:end]
    told = np.where(values.isna(), MISSING, np.where(_is_closed(values, freq), CLOSED, COMPLETE))
    return found.assign(status=pd.Series(told, values.index).reindex(grid, fill_value=PARTIAL)).reset_index()


def _is_closed(values: pd.Series, freq: str) -> pd.Series:
    """Zeros on days of the week that are (nearly) always zero, in a series that is not."""
    if freq != "D":
        return pd.Series(False, values.index)
    is_open = (values > 0).groupby(pd.DatetimeIndex(values.index).dayofweek)
    is_shut = (is_open.transform("mean") <= _CLOSED_SHARE) & (is_open.transform("size") >= _WEEKS_TO_CLOSE)
    return is_shut & (values == 0) & ((values > 0).mean() > 0.5)


def _note(series: pd.DataFrame, freq: str) -> str | None:
    """What is odd about a series that can be forecast all the same."""
    season, known = _SEASONS[freq], series.value.dropna()
    if known.nunique() == 1:
        return f"is {known.iloc[0]:g} in every bucket: so is the forecast"
    lost = (series.status == MISSING).astype(int)
    longest = int(lost.groupby((lost == 0).cumsum()).sum().max())
    if longest >= season:
        return f"has a gap of {longest:,} buckets; usual values of the season stand for it"
    return None
