"""MLflow is imported when it is needed, reports to nobody, and says nothing on the terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# In all of these MLflow sends nothing by itself, so none may be there while that is tested.
CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "PYTEST_CURRENT_TEST", "TF_BUILD", "BUILDKITE", "CIRCLECI")
OURS = ("MLFLOW_", "DO_NOT_TRACK")

USE = """
import json, os, sys
from pathlib import Path
import footfall.registry
late = "mlflow" not in sys.modules and "sqlalchemy" not in sys.modules
registry = footfall.registry.open_registry(sys.argv[1] or None, Path(sys.argv[2]))
registry.register("quiet", "v1.0.0", params={}, metrics={}, tags={}, files={"model.json": "{}"})
registry.file("quiet", "v1.0.0", "model.json")
from mlflow.telemetry.client import get_telemetry_client
from mlflow.telemetry.utils import is_telemetry_disabled
found = {"late": late, "off": is_telemetry_disabled(), "client": str(get_telemetry_client())}
for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    both = dict(os.environ)
    del os.environ[name]
    found[f"off without {name}"] = is_telemetry_disabled()
    os.environ.update(both)
for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    del os.environ[name]
found["off without both"] = is_telemetry_disabled()
print(json.dumps(found))
"""


def test_mlflow_comes_late_sends_nothing_and_prints_nothing(place: Any, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in CI and not name.startswith(OURS)}
    command = [sys.executable, "-c", USE, place.uri or "", str(place.folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment | {"HOME": str(tmp_path / "home")}
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "late": True,
        "off": True,
        "client": "None",
        "off without MLFLOW_DISABLE_TELEMETRY": True,
        "off without DO_NOT_TRACK": True,
        # It is these two that decide here, not the place where the test runs.
        "off without both": False,
    }
    assert not (tmp_path / "home").exists()
