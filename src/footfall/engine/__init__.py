"""The only door to DuckDB and Spark."""

from footfall.engine.engine import Batches, Engine
from footfall.engine.k_means import KMeans, KMeansSettings
from footfall.engine.opening import ENGINES, open_engine

__all__ = ["ENGINES", "Batches", "Engine", "KMeans", "KMeansSettings", "open_engine"]
