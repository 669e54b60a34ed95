"""The report's colours: those of the segment report, told apart by readers who are colour-blind (Okabe and Ito)."""

INK, MUTED, RULE, PAPER = "#1f2933", "#616e7c", "#e4e7eb", "#ffffff"
ACCENT, WARNING, QUIET, CALM = "#0072b2", "#d55e00", "#b8c1cb", "#009e73"
OTHERS = ("#e69f00", "#009e73", "#cc79a7", "#882255", "#999933")
# Half of the ink of 80% for 95%: on paper without colours too, the inner range is the darker one.
RANGE_80, RANGE_95 = "#a8cfe6", "#d9eaf4"
CLOSED, HOLIDAY, SALE = "#eceff2", "#f3dbe8", "#fbe7c0"
