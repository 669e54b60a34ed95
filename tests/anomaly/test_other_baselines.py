"""Another model in the place of the fast one: Prophet and an LSTM are fitted for real to two short series."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hourly import DAY, WEEK, everything, follow, hours_from, means, set_to, told

from footfall.anomaly import Budget, Kin, Policy, Watch, load, save
from footfall.errors import SettingInvalid
from footfall.forecast import Model, models
from footfall.forecast.deep import Lstm
from footfall.pipeline.baselines import weekly
from footfall.pipeline.watched import mark_of
from footfall.settings import Settings

LIBRARIES = {"prophet": "prophet", "lstm": "neuralforecast"}
EXTRAS = {"prophet": "prophet", "lstm": "deep"}
LEVELS = (100.0, 300.0)
KIN = Kin.strangers(["small", "large"])
NUMBERS = hours_from(2900 * WEEK, 3 * WEEK + DAY)
# From Monday noon on.
DROP = slice(3 * WEEK + 12, 3 * WEEK + 16)


def model(name: str) -> Model:
    """The LSTM learns for a fifth of its usual time: it is fitted three times here."""
    return Lstm(steps=60) if name == "lstm" else models((name,), threads=1)[-1]


def watch_with(name: str, lake: Path) -> Watch:
    settings = Settings(lake=lake, baseline=name, threads=1, calendar=None)
    return Watch(KIN, everything(len(LEVELS)), Budget(false_alerts_per_week=1), 0, weekly(model(name), settings, KIN))


def values_with_a_drop() -> np.ndarray:
    values = np.random.default_rng(0).poisson(means(LEVELS, NUMBERS)).astype(float)
    set_to(1, 0.1, DROP)(values)
    return values


@pytest.fixture(scope="module", params=LIBRARIES)
def judged(request, tmp_path_factory):
    """A watch before the drop, in a file; and what the same one said of the drop."""
    pytest.importorskip(LIBRARIES[request.param], reason=f'needs pip install "footfall[{EXTRAS[request.param]}]"')
    folder = tmp_path_factory.mktemp(request.param)
    watch, values = watch_with(request.param, folder / "lake"), values_with_a_drop()
    follow(watch, NUMBERS[: DROP.start], values[: DROP.start])
    save(folder / "memory.npz", watch, "mark")
    return request.param, folder, watch, follow(watch, NUMBERS[DROP.start :], values[DROP.start :])


def test_what_is_expected_is_what_the_model_said(judged) -> None:
    name, _, watch, _ = judged
    expectation = watch.detector.expectation
    assert expectation.forecast_from == NUMBERS[3 * WEEK], f"{name} is fitted again each week"
    expected = means(LEVELS, hours_from(expectation.forecast_from, WEEK))
    assert np.corrcoef(expectation.coming[:, 1], expected[:, 1])[0, 1] > 0.8


def test_a_drop_is_found_in_its_first_hours(judged) -> None:
    """A network that saw a week only began one in error, which the drop then begins again."""
    began = [one for how in ("opened", "reopened") for one in told(judged[3], how)]
    assert [(incident.lead, incident.side) for _, _, incident in began] == [("large", "down")]
    assert began[0][0] - NUMBERS[DROP.start] < 3


def test_nothing_is_learnt_from_the_drop(judged) -> None:
    watch = judged[2]
    taught = watch.detector.expectation.taught[DROP, 1]
    expected = means(LEVELS, NUMBERS[DROP])[:, 1]
    assert (np.nan_to_num(taught, nan=np.inf) > 0.5 * expected).all()


def test_a_watch_that_was_stopped_goes_on_as_one_that_was_not(judged) -> None:
    name, folder, _, theirs = judged
    again = watch_with(name, folder / "lake")
    assert load(folder / "memory.npz", again, "mark")
    ours = follow(again, NUMBERS[DROP.start :], values_with_a_drop()[DROP.start :])
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.scores.p, other.scores.p)
        assert mine.events == other.events


def test_what_was_learnt_beside_another_model_is_not_used(tmp_path: Path) -> None:
    marks = {mark_of(Settings(lake=tmp_path, baseline=name), Policy()) for name in ("fast", *LIBRARIES)}
    assert len(marks) == 3


@pytest.mark.parametrize("name", LIBRARIES)
def test_without_its_library_it_says_what_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(SettingInvalid) as raised:
        watch_with(name, tmp_path)
    assert f'needs the extra: pip install "footfall[{EXTRAS[name]}]"' in str(raised.value)
