"""Colours that mean the same on all pages, told apart by readers who are colour-blind (Okabe and Ito)."""

INK, MUTED, RULE, PAPER = "#1f2933", "#616e7c", "#e4e7eb", "#ffffff"
ACCENT, WARNING, QUIET, CALM = "#0072b2", "#d55e00", "#b8c1cb", "#009e73"
