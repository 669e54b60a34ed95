"""The quantiles that forecasts have, as sequences."""

from footfall import contracts

LEVELS = tuple(contracts.QUANTILES.values())
QUANTILES = tuple(contracts.QUANTILES)
MEDIAN = "q500"
INTERVALS = {80: ("q100", "q900"), 95: ("q025", "q975")}
