"""Which model forecasts which series: at each origin, the one that was best on the origins before."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from footfall.forecast.quantiles import LEVELS, QUANTILES

CHOSEN = "chosen"
_FADING = 0.9
_LEAST_ORIGINS = 2


def quantile_losses(told: pd.DataFrame) -> pd.Series:
    """Twice the mean pinball loss over the levels, per row: an estimate of the CRPS, in the unit of the series.

    Gneiting and Raftery 2007. Null where something is not known.
    """
    missed = told.actual.to_numpy(np.float64)[:, None] - told[list(QUANTILES)].to_numpy(np.float64)
    levels = np.array(LEVELS)
    return pd.Series(2 * np.maximum(levels * missed, (levels - 1) * missed).mean(axis=1), told.index)


def choices(candidates: Iterable[pd.DataFrame], default: str) -> pd.DataFrame:
    """The model of each class of volume at each origin.

    Args:
        candidates: calibrated forecasts beside the truth, `scale` and `volume` of the series with them, in any number
            of tables.
        default: the model where there are fewer than two origins to judge by.

    Returns:
        `origin`, `volume`, `model`, and `loss`: the mean scaled quantile loss that it had before, recent origins
        counting more.
    """
    losses = pd.concat([_losses(told) for told in candidates], ignore_index=True)
    origins, volumes = np.sort(losses.origin.unique()), sorted(losses.volume.unique())
    most = losses.groupby(["volume", "origin"])["count"].transform("max")
    # A model that is silent on some series is not judged: they may be the hard ones.
    losses["loss"] = losses["mean"].where((losses["count"] == most) & (most > 0))
    losses = losses[most > 0]
    found = []
    for origin in origins:
        before = losses[losses.origin < origin]
        for volume in volumes:
            ours = before[before.volume == volume].pivot(index="origin", columns="model", values="loss").dropna(axis=1)
            if len(ours) < _LEAST_ORIGINS or ours.empty:
                found.append((origin, volume, default, np.nan))
                continue
            weights = _FADING ** np.arange(len(ours))[::-1]
            mean = ours.mul(weights, axis=0).sum() / weights.sum()
            found.append((origin, volume, str(mean.idxmin()), float(mean.min())))
    return pd.DataFrame(found, columns=["origin", "volume", "model", "loss"])


def _losses(told: pd.DataFrame) -> pd.DataFrame:
    """The mean scaled quantile loss of each model at each origin, by volume, and of how many forecasts it is."""
    rows = told.assign(loss=quantile_losses(told) / told.scale)
    return rows.groupby(["volume", "origin", "model"]).loss.agg(["mean", "count"]).reset_index()
