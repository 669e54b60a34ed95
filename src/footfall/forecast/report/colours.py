"""The colours of models, ranges and marked days."""

from footfall.pages.colours import ACCENT, CALM, INK, MUTED, PAPER, QUIET, RULE, WARNING

__all__ = [
    "ACCENT",
    "CALM",
    "CLOSED",
    "HOLIDAY",
    "INK",
    "MUTED",
    "OTHERS",
    "PAPER",
    "QUIET",
    "RANGE_80",
    "RANGE_95",
    "RULE",
    "SALE",
    "WARNING",
]

OTHERS = ("#e69f00", "#009e73", "#cc79a7", "#882255", "#999933")
# Half of the ink of 80% for 95%: on paper without colours too, the inner range is the darker one.
RANGE_80, RANGE_95 = "#a8cfe6", "#d9eaf4"
CLOSED, HOLIDAY, SALE = "#eceff2", "#f3dbe8", "#fbe7c0"
