"""The description of the API is true: tried with generated requests, and by a generated client."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from served import Server

from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.serve.access import KeyStore, access_folder

OPEN = ("/health", "/health/live", "/health/ready", "/metrics")


@pytest.fixture(scope="module")
def described(api: Server) -> dict[str, Any]:
    told: dict[str, Any] = api.get("/openapi.json", role=None).json()
    return told


@pytest.fixture(scope="module")
def every_role(api: Server) -> str:
    """A key that may do everything."""
    return KeyStore(access_folder(open_lake(api.lake))).create("everyone", ["data_science", "operations", "dpo"])


def test_every_operation_has_a_name_a_text_and_its_errors(described: dict[str, Any]) -> None:
    names = []
    for path, operations in described["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            assert operation["summary"]
            assert operation["description"]
            assert path in OPEN or (
                {"401", "403", "429", "503"} <= operation["responses"].keys() and operation["security"]
            )
            for status, told in operation["responses"].items():
                assert status[0] != "4" or "application/problem+json" in told["content"], (path, status)
    assert len(names) == len(set(names)) >= 18


@pytest.mark.slow
def test_generated_requests_find_no_failure_and_no_answer_that_is_not_described(api: Server, every_role: str) -> None:
    """Schemathesis draws requests from the description, valid ones and others, and holds the answers against it.

    The server takes bodies that are larger than the description allows, so that it is the description that refuses.
    """
    ended = subprocess.run(
        [
            Path(sys.executable).with_name("st"), "run", f"{api.url}/openapi.json",
            "--header", f"X-API-Key: {every_role}",
            "--max-examples", "20", "--seed", "1", "--no-color", "--phases", "examples,coverage,fuzzing",
        ],
        capture_output=True, text=True, check=False, cwd=api.lake.parent,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-6000:]
    assert "Tested: " in ended.stdout
    metrics = api.get("/metrics", role=None).text
    assert 'status="500"' not in metrics


@pytest.fixture(scope="module")
def client(described: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that openapi-python-client makes of the description."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(described))
    (folder / "config.yml").write_text("post_hooks: []\n")
    ended = subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"), "generate",
            "--path", "openapi.json", "--meta", "none",
            "--output-path", "footfall_client", "--config", "config.yml", "--fail-on-warning",
        ],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    sys.path.insert(0, str(folder))
    return importlib.import_module("footfall_client")


BODIES = {
    "ToScore": {"users": [{"features": {"orders": 2, "spend": 40.0}}]},
    "Snooze": {"hours": 2},
    "Feedback": {"verdict": "true"},
    "RawId": {"raw_user_id": "nobody"},
}


def test_a_generated_client_calls_every_operation(
    api: Server, described: dict[str, Any], client: ModuleType, every_role: str
) -> None:
    models = importlib.import_module("footfall_client.models")
    given = {
        "user_id": _first(api, "customer_segments", "user_id"),
        "segment_id": 0,
        "incident_id": _first(api, "incidents", "incident_id"),
        "series_id": "day/orders/all/all",
        "metric": "orders",
    }
    session = client.AuthenticatedClient(
        base_url=api.url, token=every_role, prefix="", auth_header_name="X-API-Key", httpx_args={"trust_env": False}
    )
    called = []
    for operation in _operations():
        wanted = inspect.signature(operation).parameters
        asked = {name: given[name] for name, one in wanted.items() if name in given and one.default is one.empty}
        if "body" in wanted:
            body = operation.__annotations__["body"].__name__
            asked["body"] = getattr(models, body).from_dict(BODIES[body])
        answer = operation(client=session, **asked)
        assert int(answer.status_code) == (404 if "search" in operation.__module__ else 200), answer.content[:300]
        assert answer.parsed is not None or b"# HELP" in answer.content
        called.append(operation.__module__)
    assert len(called) == sum(map(len, described["paths"].values()))


def _first(api: Server, table: str, column: str) -> Any:
    return query(open_lake(api.lake), f"SELECT {column} FROM {table} LIMIT 1").to_pylist()[0][column]


def _operations() -> list[Callable[..., Any]]:
    package = importlib.import_module("footfall_client.api")
    names = [one.name for one in pkgutil.walk_packages(package.__path__, "footfall_client.api.")]
    modules = map(importlib.import_module, names)
    return [module.sync_detailed for module in modules if hasattr(module, "sync_detailed")]
