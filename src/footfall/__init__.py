"""Footfall: raw shop events in; customer segments, forecasts and anomaly alerts out."""

__version__ = "0.1.0"
