"""Plain files: what is read, and what is said of files that cannot be."""

import numpy as np
import pytest

from footfall.anomaly.plain import read_plain
from footfall.errors import SourceUnreadable


def read(tmp_path, text):
    file = tmp_path / "own.csv"
    file.write_text(text)
    return read_plain(file)


def test_rows_stay_in_the_order_of_the_file(tmp_path):
    rows = read(tmp_path, "Timestamp,VALUE,label\n2020-01-02,1,0\n2020-01-01,2,1\n2020-01-01,,0\n")
    assert rows.timestamp.tolist() == ["2020-01-02", "2020-01-01", "2020-01-01"]
    np.testing.assert_array_equal(rows.value, [1, 2, np.nan])
    assert np.diff(rows.seconds).tolist() == [-86400, 0]
    assert rows.label.tolist() == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("stamps", "steps"),
    [
        (("0", "1", "5"), [1, 4]),
        (("2020-01-01T00:00:00+01:00", "2020-01-01T00:00:00Z", "2020-01-01 02:00"), [3600, 7200]),
        (("1/31/2020 10:00", "2/1/2020 10:00", "2020-02-01 10:00:01"), [86400, 1]),
        (("1577836800.5", "1577836801", "1577836700"), [0.5, -101]),
    ],
)
def test_time_stamps_are_moments_or_numbers(tmp_path, stamps, steps):
    rows = read(tmp_path, "timestamp,value\n" + "".join(f"{stamp},1\n" for stamp in stamps))
    assert np.diff(rows.seconds).tolist() == steps


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not CSV with a header"),
        ("timestamp,value\n", "holds no rows below its header"),
        ("time,value\n1,2\n", "line 1: there is no column timestamp, but time, value"),
        ("timestamp,value\n1,2\n2,many\n", 'line 3: value is "many" and must be a number with a point'),
        ("timestamp,value\n1,inf\n", 'line 2: value is "inf"'),
        ("timestamp,value\n1,2\n2,2\nsoon,2\n", 'line 4: timestamp is "soon" and must be a number, a date or a moment'),
        ("timestamp,value,Value\n1,2,3\n", "column value is there twice"),
        ("timestamp,value\n1,\n2,NaN\n", "the column value is empty in all 2 rows"),
        ("timestamp,value\n1,2\n2,2,5\n3,1\n", 'line 3: "2,2,5" has another number of columns (3)'),
        ("timestamp,value\n1,2\n2\n", 'line 3: "2" has another number of columns (1)'),
        ("# by hand\ntimestamp,value\n1,2\n", 'line 2: "timestamp,value" has another number of columns (2)'),
        ("timestamp,value\n3,1\n2,1\n1,1\n", "line 2: the newest rows come first"),
        ("timestamp;value\n1;2,5\n", 'line 2: value is "2,5" and must be a number with a point'),
    ],
)
def test_what_is_wrong_is_told(tmp_path, text, told):
    with pytest.raises(SourceUnreadable) as raised:
        read(tmp_path, text)
    assert told in str(raised.value)
    assert "own.csv" in str(raised.value)


@pytest.mark.parametrize("divider", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_are_divided_and_lines_end_as_programs_do_it(tmp_path, divider, end):
    file = tmp_path / "own.csv"
    lines = [["note", "timestamp", "value"], ["a", "2020-01-01", "1.5"], ["b", "2020-01-02", ""]]
    file.write_bytes(b"\xef\xbb\xbf" + end.join(divider.join(line) for line in lines).encode())
    rows = read_plain(file)
    assert rows.timestamp.tolist() == ["2020-01-01", "2020-01-02"]
    np.testing.assert_array_equal(rows.value, [1.5, np.nan])


def test_a_file_in_another_encoding_is_told(tmp_path):
    file = tmp_path / "own.csv"
    file.write_bytes("timestamp,value,where\n1,2,caf\u00e9\n".encode("latin-1"))
    with pytest.raises(SourceUnreadable, match=r"own\.csv: is not text in UTF-8 .*save the file as CSV in UTF-8"):
        read_plain(file)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        read_plain(tmp_path / "none.csv")
