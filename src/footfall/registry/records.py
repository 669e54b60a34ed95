"""What MLflow keeps of a model: a run for every version that was begun, a record for every one that is whole.

A model is an experiment of MLflow's and a registered model of the same name. MLflow numbers records itself; our number
is a tag of the record and the name of the run.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from footfall.registry.mlflow_client import ensure, every
from footfall.registry.version import number

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

VERSION = "footfall.version"
CONTENT = "footfall.content"

_AT_ONCE = 100  # MLflow takes no more params in a call


def name_of(model: str) -> str:
    """The model's name in MLflow."""
    return f"footfall-{model}"


def records(client: "MlflowClient", model: str) -> "list[ModelVersion]":
    """The records of the model's versions, newest first."""
    asked = f"name = '{name_of(model)}'"
    (aliases, *_) = [one.aliases for one in client.search_registered_models(asked)] or [{}]
    found = every(client.search_model_versions, filter_string=asked)
    for record in found:  # MLflow's search leaves them out
        record.aliases = sorted(alias for alias, version in aliases.items() if int(version) == int(record.version))
    ours = [record for record in found if number(record.tags.get(VERSION, "")) is not None]
    return sorted(ours, key=lambda record: int(record.version), reverse=True)


def runs(client: "MlflowClient", model: str) -> "list[Run]":
    """The model's runs, those that were never finished too."""
    experiment = _experiment(client, model)
    return every(client.search_runs, experiment_ids=experiment) if experiment else []


def begin(
    client: "MlflowClient",
    model: str,
    version: str,
    *,
    location: str | None,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
) -> "Run":
    """A new run with its params and metrics, and no files."""
    from mlflow.entities import Metric, Param  # noqa: PLC0415 - MLflow takes a second

    ensure(client.create_experiment, name_of(model), artifact_location=location)
    run = client.create_run(_experiment(client, model)[0], run_name=version)
    now = int(time.time() * 1000)
    entries = [Param(*item) for item in params.items()]
    figures = [Metric(name, value, now, 0) for name, value in metrics.items()]
    for start in range(0, max(len(entries), len(figures)), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        client.log_batch(run.info.run_id, params=entries[part], metrics=figures[part])
    return run


def finish(client: "MlflowClient", model: str, version: str, run_id: str, tags: Mapping[str, str]) -> None:
    """Record the run as a version: from here on it is one."""
    client.set_terminated(run_id)
    ensure(client.create_registered_model, name_of(model))
    client.create_model_version(
        name_of(model), f"runs:/{run_id}", run_id, tags={**tags, VERSION: version}, await_creation_for=0
    )


def _experiment(client: "MlflowClient", model: str) -> list[str]:
    found = client.get_experiment_by_name(name_of(model))
    return [] if found is None else [found.experiment_id]
