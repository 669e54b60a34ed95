"""What many forecasts cost: `footfall forecast` on simulated daily series of two years, beside Prophet. One table.

    python benchmarks/forecast_many.py [--series 100 1000] [--prophet-up-to 1000] [--origins 12]

Footfall forecasts every series with all models of the default set from 6 + 12 past origins and from now, calibrates,
chooses and writes the result. Prophet is fitted once to each series, in two processes, and forecasts from now: no
backtest, no calibration. Both read the same CSV file.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from measure import Cost, measure

PROPHET = """
import logging, sys
logging.disable(logging.WARNING)
import pandas as pd
from joblib import Parallel, delayed

def ahead(name, ours):
    from prophet import Prophet
    fitted = Prophet().fit(ours[["ds", "y"]], seed=0)
    return fitted.predict(fitted.make_future_dataframe(14, include_history=False)).assign(series_id=name)

series = pd.read_csv(sys.argv[1], parse_dates=["ts"]).rename(columns={"ts": "ds", "value": "y"})
told = Parallel(2)(delayed(ahead)(name, ours) for name, ours in series.groupby("series_id"))
pd.concat(told).to_csv(sys.argv[2], index=False)
"""


def shop(series: int, file: Path) -> None:
    """Counts with a week, a year and a wandering level, of members of very different sizes."""
    rng, days = np.random.default_rng(0), pd.date_range("2022-01-03", periods=730, freq="D")
    week, year = 1 + 0.3 * np.sin(2 * np.pi * np.arange(730) / 7), 1 + 0.3 * np.sin(2 * np.pi * np.arange(730) / 365)
    parts = []
    for number in range(series):
        level = rng.lognormal(3, 1.5) * np.exp(np.cumsum(rng.normal(0, 0.01, 730)))
        counts = rng.negative_binomial(10, 10 / (10 + level * week * year))
        parts.append(pd.DataFrame({"series_id": f"s{number}", "ts": days, "value": counts}))
    pd.concat(parts).to_csv(file, index=False)


def line(name: str, series: int, cost: Cost) -> str:
    """A row of the table."""
    return (
        f"| {name} | {series:,} | {cost.status} | {cost.seconds:.0f} | {cost.cpu_seconds:.0f} "
        f"| {cost.seconds / series * 1000:.0f} | {cost.peak_bytes / 1e9:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--origins", type=int, default=12)
    parser.add_argument("--prophet-up-to", type=int, default=1000)
    parser.add_argument("--timeout", type=float, default=3600)
    asked = parser.parse_args()
    print("| what | series | status | s | CPU s | ms a series | GB |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for series in asked.series:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            file, out, log = folder / "own.csv", folder / "ahead.csv", folder / "log"
            shop(series, file)
            ours = [sys.executable, "-m", "footfall.cli", "forecast", "--csv", str(file), "--out", str(out)]
            ours += ["--origins", str(asked.origins)]
            print(line("footfall forecast", series, measure(ours, log, asked.timeout)), flush=True)
            if series <= asked.prophet_up_to:
                theirs = [sys.executable, "-c", PROPHET, str(file), str(out)]
                print(line("Prophet, once", series, measure(theirs, log, asked.timeout)), flush=True)


if __name__ == "__main__":
    main()
