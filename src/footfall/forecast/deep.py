"""A recurrent network: one LSTM of all series, which forecasts the quantiles of every coming bucket at once.

An encoder reads the last buckets, a decoder gives quantiles (pinball loss), as in Wen et al. 2017, "A multi-horizon
quantile recurrent forecaster". The network is that of neuralforecast.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from math import gcd
from typing import cast

import numpy as np
import pandas as pd

from footfall.contracts import COMPLETE
from footfall.errors import SettingInvalid
from footfall.forecast.exogenous import CALENDAR, exogenous, own_features
from footfall.forecast.history import Past, local, own_columns
from footfall.forecast.quantiles import LEVELS, MEDIAN, QUANTILES

_SEASONS_READ, _MOST_READ = 4, 336
_SIZE = {"encoder_n_layers": 1, "encoder_hidden_size": 48, "decoder_layers": 2, "decoder_hidden_size": 48}
_LEARNING = {"learning_rate": 0.003, "num_lr_decays": 3, "batch_size": 16, "windows_batch_size": 128}
_NOTHING_LEFT = {
    "accelerator": "cpu",
    "devices": 1,
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}
# The library copies every window of a batch in each step: this bounds it to some hundred MB.
_MOST_WINDOWS = 1000


@dataclass(frozen=True)
class Lstm:
    """An LSTM over all series, with the calendar and own columns beside them.

    The mean is its median: the pinball loss knows no mean. Buckets that are not complete are read as their usual value,
    and nothing is learned from them. With the same number of threads, the same seed gives the same forecasts.

    Args:
        name: what results call it.
        threads: cores.
        seed: of the first weights and of the windows that it learns from.
        steps: batches of windows that it learns from.

    Raises:
        SettingInvalid: the library is not installed.
    """

    name: str = "lstm"
    threads: int = 1
    seed: int = 0
    steps: int = 300

    def __post_init__(self) -> None:
        if find_spec("neuralforecast") is None:
            raise SettingInvalid('model "lstm" needs the extra: pip install "footfall[deep]"')

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        """Mean and quantiles of the coming buckets of every series; null for a series that has no two complete ones."""
        behind, ahead = _tables(past, horizon)
        found = past.ahead(horizon)
        if behind.empty:
            return found.assign(**dict.fromkeys(["mean", *QUANTILES], np.nan))
        with _alone(self.threads):
            told = self._told(behind, ahead, _sizes(past, horizon))
        numbers = np.sort(told.drop(columns=_KEYS).to_numpy(np.float64), axis=1)
        quantiles = pd.DataFrame(numbers, pd.MultiIndex.from_frame(told[_KEYS]), list(QUANTILES))
        quantiles = ahead[_KEYS].join(quantiles, on=_KEYS)[list(QUANTILES)]
        return found.assign(mean=quantiles[MEDIAN]).join(quantiles)

    def _told(self, behind: pd.DataFrame, ahead: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
        """Keys of the coming buckets of the series behind, and a column for each quantile."""
        from neuralforecast import NeuralForecast  # noqa: PLC0415 - an extra, and takes seconds to import
        from neuralforecast.losses.pytorch import MQLoss  # noqa: PLC0415
        from neuralforecast.models import LSTM  # noqa: PLC0415

        network = LSTM(
            **sizes,
            **_SIZE,
            **_LEARNING,
            **_NOTHING_LEFT,
            futr_exog_list=list(ahead.columns.difference(_KEYS)),
            hist_exog_list=[name for name in own_columns(behind) if name not in ahead],
            loss=MQLoss(quantiles=list(LEVELS)),
            max_steps=self.steps,
            scaler_type="standard",
            start_padding_enabled=True,
            random_seed=self.seed,
        )
        # Twice: series of all sizes count alike, and one that has grown is read in units of its last weeks.
        learning = NeuralForecast([network], freq=1, local_scaler_type="standard")
        learning.fit(behind)
        return cast("pd.DataFrame", learning.predict(futr_df=ahead[ahead.unique_id.isin(behind.unique_id)]))


_KEYS = ["unique_id", "ds"]


def _tables(past: Past, horizon: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The past and what comes, by the library's names, with the calendar; `ds` counts the buckets of a series.

    The past has no series with fewer than two complete buckets; where fewer than a season are, all are learned from.
    """
    own = own_columns(past.rows)
    behind = past.history.merge(past.rows[["series_id", "ts", "status", *own]], on=["series_id", "ts"])
    behind = behind.sort_values(["series_id", "ts"], ignore_index=True)
    ahead = past.ahead_with_given(horizon)
    beside = exogenous((*CALENDAR, *own_features(past)), behind, ahead, past.freq, past.known)
    usual = behind.groupby("series_id")[own].median()
    tables = [
        rows.drop(columns=own, errors="ignore")
        .join(_clock(rows.ts, past))
        .join(_without_gaps(told, rows, usual))
        .rename(columns={"series_id": "unique_id", "value": "y"})
        for rows, told in zip((behind, ahead), beside, strict=True)
    ]
    is_complete = behind.status == COMPLETE
    complete = is_complete.groupby(behind.series_id).transform("sum")
    lengths = behind.groupby("series_id").size()
    tables[0]["available_mask"] = (is_complete | (complete < past.season)).astype(np.float64)
    tables[0]["ds"] = behind.groupby("series_id").cumcount()
    tables[1]["ds"] = ahead.groupby("series_id").cumcount() + ahead.series_id.map(lengths)
    return tables[0][complete >= 2].drop(columns=["ts", "status"]), tables[1].drop(columns="ts")


def _without_gaps(beside: pd.DataFrame, rows: pd.DataFrame, usual: pd.DataFrame) -> pd.DataFrame:
    """Columns beside the series; where an own one is not known, the median of the series stands for it, or else 0."""
    own = {name: beside[name].fillna(rows.series_id.map(usual[name])).fillna(0.0) for name in own_columns(beside)}
    return beside.assign(**own)


def _clock(moments: pd.Series, past: Past) -> pd.DataFrame:
    """Where a bucket lies in the shop's day, week and year, as points on circles."""
    wall = local(moments, past.freq, past.known.timezone).dt
    turns = {"day": (wall.hour + wall.minute / 60) / 24, "week": wall.dayofweek / 7, "year": wall.dayofyear / 365.25}
    waves = {"sine": np.sin, "cosine": np.cos}
    return pd.DataFrame(
        {f"{wave}_{name}": draw(2 * np.pi * turn) for name, turn in turns.items() for wave, draw in waves.items()}
    )


def _sizes(past: Past, horizon: int) -> dict[str, int]:
    """Buckets that are forecast, that are read for it, and from window to window."""
    longest = int(past.history.groupby("series_id").size().max())
    stride = -(-longest // _MOST_WINDOWS)
    while gcd(stride, 7 * past.season) > 1:  # else it would see but some hours of the day
        stride += 1
    read = min(max(_SEASONS_READ * past.season, horizon), _MOST_READ)
    return {"h": horizon, "input_size": read, "step_size": stride}


@contextmanager
def _alone(threads: int) -> Iterator[None]:
    """No logs, no warnings, so many threads; and the random generators of the process are as they were afterwards."""
    import torch  # noqa: PLC0415 - an extra, and takes seconds to import
    from pytorch_lightning.utilities.seed import isolate_rng  # noqa: PLC0415

    before = torch.get_num_threads()
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric", "neuralforecast")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), isolate_rng(include_cuda=False):
        warnings.simplefilter("ignore")
        torch.set_num_threads(threads)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            torch.set_num_threads(before)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
