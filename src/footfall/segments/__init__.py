"""Users into segments: fit, assign, profile, and a report that people read.

Tables in, tables out: this room knows neither the lake nor an engine.
"""

from footfall.segments.choice import k_selection
from footfall.segments.fitting import choose, fit
from footfall.segments.model import SegmentModel, from_json
from footfall.segments.page import report
from footfall.segments.profiles import profile
from footfall.segments.scoring import assign

__all__ = ["SegmentModel", "assign", "choose", "fit", "from_json", "k_selection", "profile", "report"]
