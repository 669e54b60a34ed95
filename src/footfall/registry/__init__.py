"""Versions of fitted models, kept in MLflow: on a server, in a database, or in a folder of the lake."""

from footfall.registry.mlflow_client import preload
from footfall.registry.registry import Registry, open_registry
from footfall.registry.version import Version

__all__ = ["Registry", "Version", "open_registry", "preload"]
