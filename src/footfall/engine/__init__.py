"""The only door to DuckDB and Spark."""

from footfall.engine.engine import Batches, Engine, KMeans
from footfall.engine.opening import ENGINES, open_engine

__all__ = ["ENGINES", "Batches", "Engine", "KMeans", "open_engine"]
