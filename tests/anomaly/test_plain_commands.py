"""From a file to scores and figures, as a user would."""

import json

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from footfall.cli.own_series import evaluate_detector, score_csv
from footfall.errors import SourceUnreadable
from footfall.pipeline.own_scores import judge_file


@pytest.fixture
def labelled(tmp_path):
    """Two series of 800 rows, each with a spike at row 700."""
    one = np.sin(np.arange(800) / 4) + 0.1 * np.random.default_rng(0).normal(size=800)
    label = (np.arange(800) == 700).astype(int)
    part = pd.DataFrame({"timestamp": pd.date_range("2020-01-01", periods=800, freq="h"), "label": label})
    values = one + 6 * label
    file = tmp_path / "labels.csv"
    rows = pd.concat([part.assign(series_id="a", value=values), part.assign(series_id="b", value=-values)])
    rows.to_csv(file, index=False)
    return file


def test_every_row_of_the_file_has_a_score(labelled, tmp_path, capsys):
    score_csv(labelled, tmp_path / "scores.csv")
    rows, scores = pd.read_csv(labelled), pd.read_csv(tmp_path / "scores.csv")
    assert list(scores.columns) == ["timestamp", "value", "score"]
    assert scores.timestamp.tolist() == rows.timestamp.tolist()
    assert "1,600 rows" in capsys.readouterr().out


def test_a_file_that_is_too_short_to_score_says_so(tmp_path, capsys):
    file = tmp_path / "short.csv"
    file.write_text("timestamp,value\n" + "".join(f"{row},{row % 5}\n" for row in range(10)))
    score_csv(file)
    assert "the first 192 rows have no score" in capsys.readouterr().out


def run(*arguments):
    app = typer.Typer()
    app.command()(evaluate_detector)
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)


def test_a_detector_is_judged_by_series_and_over_all(labelled, tmp_path):
    told = json.loads(run(labelled, "--json", "--out", tmp_path / "scores.csv").stdout)
    assert [row["series_id"] for row in told["series"]] == ["a", "b"]
    assert told["over_all"]["footfall"]["recall"] == 1
    assert told["over_all"]["footfall"]["delay"] == 0
    assert len(pd.read_csv(tmp_path / "scores.csv")) == 1600


def test_the_score_column_of_the_file_is_judged_beside_ours(labelled):
    rows = pd.read_csv(labelled)
    rows.assign(score=rows.label).to_csv(labelled, index=False)
    judged = judge_file(labelled, tolerance=0, window=0)
    assert judged.over_all["score column"].vus_pr == 1
    assert judged.over_all["score column"].precision == 1
    assert "score column" in run(labelled).stdout


def test_series_are_scored_apart(labelled):
    both = judge_file(labelled, tolerance=3).scores
    rows = pd.read_csv(labelled)
    rows[rows.series_id == "b"].to_csv(labelled, index=False)
    alone = judge_file(labelled, tolerance=3).scores
    np.testing.assert_array_equal(both.score[both.series_id == "b"], alone.score)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("timestamp,value\n1,2\n", "line 1: there is no column label, but timestamp, value"),
        ("timestamp,value,label\n1,2,0\n2,2,7\n", 'line 3: label is "7" and must be 0 or 1'),
        ("timestamp,value,label\n1,2,\n", 'line 2: label is "" and must be 0 or 1'),
    ],
)
def test_labels_that_cannot_be_used_are_told(tmp_path, text, told):
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(SourceUnreadable, match=told):
        judge_file(file, tolerance=3)
