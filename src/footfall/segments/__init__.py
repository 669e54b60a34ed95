"""Users into segments: choose how many, fit, recognise, name, assign, explain, and a report that people read.

Tables in, tables out: this room knows neither the lake nor an engine.
"""

from footfall.segments.choice import Effort, k_selection, numbers_chosen
from footfall.segments.explanation import Explainer, Explanation, explain
from footfall.segments.fitting import choose, fit
from footfall.segments.identity import migration
from footfall.segments.model import SegmentModel, from_json
from footfall.segments.profiles import profile
from footfall.segments.scoring import assign
from footfall.segments.sql import score_sql

__all__ = [
    "Effort",
    "Explainer",
    "Explanation",
    "SegmentModel",
    "assign",
    "choose",
    "explain",
    "fit",
    "from_json",
    "k_selection",
    "migration",
    "numbers_chosen",
    "profile",
    "score_sql",
]
