"""Anomaly scores for anyone's own series: a plain file of time stamps and values, judged row by row from its past."""

from footfall.anomaly.plain.reading import numbers, read_plain
from footfall.anomaly.plain.scoring import SCORED_FROM, THRESHOLD, score_online

__all__ = ["SCORED_FROM", "THRESHOLD", "numbers", "read_plain", "score_online"]
