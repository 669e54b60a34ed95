"""A plain series from a file: time stamps and values, in the order in which they came."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from footfall.errors import SourceUnreadable

_COLUMNS = ("timestamp", "value")
_DIVIDERS = (",", ";", "\t")
_NOTHING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


def read_plain(file: Path) -> pd.DataFrame:
    """Every row of a file with the columns `timestamp` and `value`, whatever else it has.

    Returns:
        `timestamp` (text, as in the file), `value` (NaN where missing), `seconds` (of the time stamp since 1970, or the
        number that it is), then the other columns as text. Names are in lower case, rows as in the file: a time stamp
        that is doubled or goes backward is simply the next row.

    Raises:
        SourceUnreadable: the file is no such table; file, line and column are told.
    """
    rows = _texts(file)
    if lacking := [name for name in _COLUMNS if name not in rows]:
        raise SourceUnreadable(
            f"{file}, line 1: there is no column {', '.join(lacking)}, but {', '.join(rows.columns)}; the first line "
            "names the columns, divided by commas, semicolons or tabs; timestamp and value are needed: rename them"
        )
    if len(rows) == 0:
        raise SourceUnreadable(f"{file}: holds no rows below its header; each row is a time stamp and a value")
    values = numbers(file, rows["value"], "value")
    if values.isna().all():
        raise SourceUnreadable(
            f"{file}: the column value is empty in all {len(rows):,} rows; there is nothing to score"
        )
    seconds = _seconds(file, rows["timestamp"].fillna(""))
    if (seconds.diff() < 0).sum() > len(seconds) / 2:
        raise SourceUnreadable(
            f"{file}, line 2: the newest rows come first; rows are scored from those above them, so sort by timestamp"
        )
    others = rows.drop(columns=[*_COLUMNS, "seconds"], errors="ignore")
    return pd.DataFrame({"timestamp": rows["timestamp"], "value": values, "seconds": seconds}).join(others)


def numbers(file: Path, texts: pd.Series, column: str) -> pd.Series:
    """A column as numbers; NaN where it is empty.

    Raises:
        SourceUnreadable: something else is in it.
    """
    found = pd.to_numeric(texts, errors="coerce")
    _refuse(file, texts, texts.notna() & ~np.isfinite(found), column, "a number with a point, or empty where unknown")
    return found.astype(float)


def _texts(file: Path) -> pd.DataFrame:
    try:
        with file.open("rb") as opened:
            head = opened.readline().decode("utf-8-sig").strip()
        divider = next((one for one in _DIVIDERS if one in head), ",")
        as_text = pa_csv.ConvertOptions(
            column_types=dict.fromkeys([name.strip('"') for name in head.split(divider)], pa.string()),
            strings_can_be_null=True, null_values=list(_NOTHING),
        )  # fmt: skip
        # Only one thread counts the rows, and can tell which one is wrong.
        rows: pd.DataFrame = pa_csv.read_csv(
            file,
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(delimiter=divider),
            convert_options=as_text,
        ).to_pandas()
    except OSError as error:
        raise SourceUnreadable(f"{file}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{file}, line 1: is not text in UTF-8; save the file as CSV in UTF-8") from error
    except pa.ArrowInvalid as error:
        raise SourceUnreadable(_unparsed(file, str(error))) from error
    rows.columns = [str(name).strip().lower() for name in rows.columns]
    if rows.columns.has_duplicates:
        twice = rows.columns[rows.columns.duplicated()][0]
        raise SourceUnreadable(f"{file}, line 1: column {twice} is there twice; keep one of them")
    return rows


def _unparsed(file: Path, error: str) -> str:
    """What is wrong with a file that is not CSV, and what to do."""
    if "invalid UTF8" in error:
        return f"{file}: is not text in UTF-8 ({error}); save the file as CSV in UTF-8"
    if found := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", error, re.DOTALL):
        line, wanted, got, text = found.groups()
        return (
            f'{file}, line {line}: "{text.strip()}" has another number of columns ({got}) than the first line '
            f"({wanted}); correct or remove it; a value with a comma in it is put between quotes"
        )
    return f"{file}: is not CSV with a header: {error}; the first line names the columns timestamp and value"


def _seconds(file: Path, texts: pd.Series) -> pd.Series:
    """Numbers as they are; dates and moments as seconds since 1970, those without an offset taken as UTC."""
    found = pd.to_numeric(texts, errors="coerce").astype(float)
    is_number = found.notna()
    if not is_number.all():
        moments = _moments(texts)
        wrong = moments.isna() if moments.notna().sum() >= is_number.sum() else ~found.notna()
        wanted = "a number, a date or a moment, like 2020-01-31 or 2020-01-31T18:00:00+01:00, and all of one kind"
        _refuse(file, texts, wrong, "timestamp", wanted)
        found = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return found


def _moments(texts: pd.Series) -> pd.Series:
    """As ISO 8601 says, and where that fails in other usual spellings, months before days."""
    moments = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
    if moments.isna().any():
        moments = moments.fillna(pd.to_datetime(texts.where(moments.isna()), errors="coerce", utc=True, format="mixed"))
    return moments


def _refuse(file: Path, texts: pd.Series, is_wrong: pd.Series, column: str, wanted: str) -> None:
    if is_wrong.any():
        first = int(is_wrong.to_numpy().argmax())
        found = "" if pd.isna(texts[first]) else texts[first]
        raise SourceUnreadable(
            f'{file}, line {first + 2}: {column} is "{found}" and must be {wanted}; '
            f"{is_wrong.sum():,} of {len(texts):,} rows are so; correct or remove them"
        )
