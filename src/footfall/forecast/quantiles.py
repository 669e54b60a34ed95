"""The quantiles that forecasts have, and what they are called in tables."""

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
QUANTILES = tuple(f"q{1000 * level:03.0f}" for level in LEVELS)
"""`q025` is the quantile of 2.5%: `q100` to `q900` hold 80%, `q025` to `q975` hold 95%."""
MEDIAN = QUANTILES[3]
INTERVALS = {80: (QUANTILES[1], QUANTILES[5]), 95: (QUANTILES[0], QUANTILES[6])}
