"""Users into segments: fit, assign, profile, and a report that people read.

Tables in, tables out: this room knows neither the lake nor an engine.
"""

from footfall.segments.fitting import fit
from footfall.segments.model import SegmentModel, from_json
from footfall.segments.page import report
from footfall.segments.profiles import profile
from footfall.segments.scoring import assign

__all__ = ["SegmentModel", "assign", "fit", "from_json", "profile", "report"]
