"""Which model forecasts which series, and the loss by which it is told."""

import numpy as np
import pandas as pd
import pytest

from footfall.forecast.choice import _FADING, choices, quantile_losses
from footfall.forecast.quantiles import LEVELS, QUANTILES

ORIGINS = pd.date_range("2020-03-02", periods=5, freq="14D")


def told(misses: dict[str, list[float]], volume: str = "steady", scale: float = 1.0) -> pd.DataFrame:
    """Forecasts of 100 that miss by so much at each origin, with all quantiles at the same place."""
    rows = [
        {"series_id": "a", "origin": origin, "ts": origin + pd.Timedelta(days=day), "model": model, "actual": 100.0}
        | dict.fromkeys(QUANTILES, 100.0 + scale * miss)
        | {"volume": volume, "scale": scale}
        for model, errors in misses.items()
        for origin, miss in zip(ORIGINS, errors, strict=True)
        for day in range(1, 15)
    ]
    return pd.DataFrame(rows)


def chosen(rows: pd.DataFrame, volume: str = "steady") -> list[str]:
    found = choices([rows], "default")
    return list(found[found.volume == volume].sort_values("origin").model)


def test_a_quantile_loss_is_its_definition() -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(np.sort(rng.normal(5, 3, (40, 7))), columns=list(QUANTILES)).assign(actual=rng.normal(5, 5, 40))
    rows.index = rng.permutation(40)
    for index, found in quantile_losses(rows).items():
        losses = []
        for level, name in zip(LEVELS, QUANTILES, strict=True):
            quantile, actual = rows.loc[index, name], rows.loc[index, "actual"]
            losses.append(level * (actual - quantile) if actual >= quantile else (1 - level) * (quantile - actual))
        assert found == pytest.approx(2 * sum(losses) / len(losses))


def test_a_quantile_loss_of_a_point_is_its_absolute_error() -> None:
    rows = pd.DataFrame([dict.fromkeys(QUANTILES, 7.0) | {"actual": 4.0}, dict.fromkeys(QUANTILES, 1.0)])
    assert quantile_losses(rows)[0] == pytest.approx(3)
    assert np.isnan(quantile_losses(rows)[1])


def test_the_default_until_two_origins_are_over_then_the_better_before() -> None:
    assert chosen(told({"x": [1.0] * 5, "y": [2.0] * 5})) == ["default", "default", "x", "x", "x"]
    assert chosen(told({"x": [3.0] * 5, "y": [2.0] * 5})) == ["default", "default", "y", "y", "y"]


@pytest.mark.parametrize("number", range(5))
def test_neither_the_own_nor_later_origins_are_looked_at(number: int) -> None:
    rows = told({"x": [1.0, 3, 1, 3, 1], "y": [2.0, 1, 2, 1, 2]})
    other = rows.assign(actual=rows.actual.mask(rows.origin >= ORIGINS[number], 1e6 * (rows.model == "y")))
    mine, theirs = (choices([each], "default").iloc[: number + 1] for each in (rows, other))
    pd.testing.assert_frame_equal(mine, theirs)


def test_a_change_is_followed_as_recent_origins_count_more() -> None:
    rows = told({"x": [1.0, 1, 1.31, 1, 1], "y": [1.0, 1.3, 1, 1, 1]})
    assert chosen(rows)[2:4] == ["x", "y"]


def test_losses_told_are_weighted_means_of_before() -> None:
    found = choices([told({"x": [1.0, 2, 4, 1, 1]})], "default")
    assert found.loss[:2].isna().all()
    assert found.loss[2] == pytest.approx((_FADING * 1 + 2) / (_FADING + 1))
    assert found.loss[3] == pytest.approx((_FADING**2 * 1 + _FADING * 2 + 4) / (_FADING**2 + _FADING + 1))


def test_each_class_has_its_own_and_sizes_do_not_count() -> None:
    steady = pd.concat([told({"x": [1.0] * 5, "y": [2.0] * 5}), told({"x": [2.0] * 5, "y": [1.5] * 5}, scale=0.01)])
    rare = told({"x": [2.0] * 5, "y": [1.0] * 5}, "rare")
    rows = pd.concat([steady, rare], ignore_index=True)
    assert chosen(rows)[2:] == ["x"] * 3
    assert chosen(rows, "rare")[2:] == ["y"] * 3


def test_a_model_that_once_said_nothing_is_not_chosen() -> None:
    rows = told({"x": [1.0] * 5, "y": [2.0] * 5})
    silent = (rows.model == "x") & (rows.origin == ORIGINS[1])
    rows[list(QUANTILES)] = rows[list(QUANTILES)].mask(silent)
    assert chosen(rows)[2:] == ["y"] * 3
    nothing = rows.assign(**dict.fromkeys(QUANTILES, np.nan))
    assert chosen(nothing) == ["default"] * 5


def test_a_model_that_is_silent_on_the_hard_series_is_not_better_for_it() -> None:
    """`x` says nothing of the hard series, is worse on the easy one, and has the lower mean."""
    easy, hard = told({"x": [2.0] * 5, "y": [1.0] * 5}), told({"x": [9.0] * 5, "y": [9.0] * 5}).assign(series_id="b")
    hard[list(QUANTILES)] = hard[list(QUANTILES)].mask(hard.model == "x")
    assert chosen(pd.concat([easy, hard], ignore_index=True))[2:] == ["y"] * 3
