"""What models forecast before, so that a run after new events forecasts only what has changed."""

from pathlib import Path

import pandas as pd

from footfall.forecast import REVISION, Model, Past


class KeptForecasts:
    """Calls a model, unless it forecast the same past before.

    Args:
        folder: where forecasts are kept, a Parquet file for each model and origin.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[Path] = set()

    def __call__(self, model: Model, past: Past, horizon: int) -> pd.DataFrame:
        """What the model forecasts from this past."""
        file = self._folder / f"{model.name}-{REVISION}-{horizon}-{past.digest}.parquet"
        self._used.add(file)
        if file.exists():
            return pd.read_parquet(file)
        told = model.forecast(past, horizon)
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        told.to_parquet(unfinished, index=False)
        unfinished.replace(file)
        return told

    def forget_unused(self) -> None:
        """Delete what this run did not ask for."""
        for file in self._folder.iterdir():
            if file not in self._used:
                file.unlink()
