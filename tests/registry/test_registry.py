"""A version is there whole or not at all, and what an alias points at stays as it is."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from places import Place

from footfall.errors import UserError
from footfall.registry import Registry
from footfall.registry.records import begin


def register(
    registry: Registry,
    model: str,
    version: str,
    content: str | bytes = "{}",
    *,
    params: Mapping[str, str] | None = None,
    metrics: Mapping[str, float] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    registry.register(
        model, version, params=params or {}, metrics=metrics or {}, tags=tags or {}, files={"model.json": content}
    )


def numbers(registry: Registry, model: str) -> list[str]:
    return [version.version for version in registry.versions(model)]


def test_a_version_comes_back_as_it_was(registry: Registry, model: str) -> None:
    params = {"k": "5", "note": "", "features": "recency, frequency; größer"}
    metrics = {"silhouette": 0.1 + 0.2, "stability": math.nan, "worst": -1e-300}
    files: dict[str, str | bytes] = {"model.json": '{"name": "größer"}', "witness.parquet": bytes(range(256)) * 5000}
    registry.register(model, "v1.0.0", params=params, metrics=metrics, tags={"as_of": "2019-11-01"}, files=files)
    version = registry.version(model, "v1.0.0")
    assert (version.model, version.version, version.aliases) == (model, "v1.0.0", ())
    assert version.params == params
    assert version.metrics == pytest.approx(metrics, rel=0, abs=0, nan_ok=True)
    assert version.tags == {"as_of": "2019-11-01"}
    assert abs(version.created_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)
    assert registry.file(model, "v1.0.0", "model.json").decode() == files["model.json"]
    assert registry.file(model, "v1.0.0", "witness.parquet") == files["witness.parquet"]


def test_more_values_than_mlflow_takes_at_once(registry: Registry, model: str) -> None:
    params = {f"feature_{number}": str(number) for number in range(250)}
    metrics = {f"mean_{number}": number / 7 for number in range(230)}
    register(registry, model, "v1.0.0", params=params, metrics=metrics)
    version = registry.version(model, "v1.0.0")
    assert version.params == params
    assert version.metrics == metrics


def test_versions_are_in_the_order_of_their_numbers(registry: Registry, model: str) -> None:
    for version in ("v1.9.0", "v1.10.0", "v0.12.3"):
        register(registry, model, version)
    assert numbers(registry, model) == ["v1.10.0", "v1.9.0", "v0.12.3"]
    assert registry.versions(f"{model}-other") == []


def test_a_number_is_given_again_while_nobody_uses_it(place: Place, registry: Registry, model: str) -> None:
    register(registry, model, "v1.0.0", "old", params={"k": "4"})
    register(registry, model, "v1.1.0", "other")
    register(registry, model, "v1.0.0", "new", params={"k": "5"})
    assert registry.version(model, "v1.0.0").params == {"k": "5"}
    assert registry.file(model, "v1.0.0", "model.json") == b"new"
    assert registry.file(model, "v1.1.0", "model.json") == b"other"
    assert place.runs(model) == ["v1.0.0", "v1.1.0"]
    assert place.kept(model) == ["model.json", "model.json"]


def test_a_version_in_use_is_not_replaced(place: Place, registry: Registry, model: str) -> None:
    register(registry, model, "v1.0.0", "fitted", params={"k": "5"})
    registry.set_alias(model, "champion", "v1.0.0")
    before = registry.version(model, "v1.0.0")
    register(registry, model, "v1.0.0", b"fitted", params={"k": "5"}, metrics={"run_seconds": 3})
    assert registry.version(model, "v1.0.0") == before
    for content, params in [("other", {"k": "5"}), ("fitted", {"k": "6"})]:
        with pytest.raises(UserError, match=r"v1\.0\.0: is in use as champion"):
            register(registry, model, "v1.0.0", content, params=params)
    assert registry.version(model, "v1.0.0") == before
    assert place.runs(model) == ["v1.0.0"]


def test_an_alias_points_at_one_version_and_moves(registry: Registry, model: str) -> None:
    assert registry.alias(model, "champion") is None
    for version in ("v1.0.0", "v1.1.0"):
        register(registry, model, version)
    registry.set_alias(model, "champion", "v1.0.0")
    registry.set_alias(model, "shadow", "v1.0.0")
    registry.set_alias(model, "champion", "v1.1.0")
    assert [version.aliases for version in registry.versions(model)] == [("champion",), ("shadow",)]
    champion = registry.alias(model, "champion")
    assert champion is not None
    assert champion == registry.version(model, "v1.1.0")
    for _ in range(2):
        registry.drop_alias(model, "champion")
        assert registry.alias(model, "champion") is None


def test_a_deleted_version_is_gone_with_its_files(place: Place, registry: Registry, model: str) -> None:
    for version in ("v1.0.0", "v1.1.0"):
        register(registry, model, version)
    registry.set_alias(model, "champion", "v1.1.0")
    registry.delete(model, "v1.0.0")
    with pytest.raises(UserError, match=r"in use as champion; move the alias"):
        registry.delete(model, "v1.1.0")
    assert numbers(registry, model) == ["v1.1.0"]
    assert place.runs(model) == ["v1.1.0"]
    assert place.kept(model) == ["model.json"]


def test_what_is_not_there_is_told_with_what_is(registry: Registry, model: str) -> None:
    with pytest.raises(UserError, match=r"has no version v1\.0\.0; there is none yet"):
        registry.version(model, "v1.0.0")
    register(registry, model, "v1.0.0")
    register(registry, model, "v1.1.0")
    told = r"has no version v9\.0\.0; there are v1\.1\.0, v1\.0\.0"
    with pytest.raises(UserError, match=told):
        registry.version(model, "v9.0.0")
    with pytest.raises(UserError, match=told):
        registry.file(model, "v9.0.0", "model.json")
    with pytest.raises(UserError, match=told):
        registry.set_alias(model, "champion", "v9.0.0")
    with pytest.raises(UserError, match=told):
        registry.delete(model, "v9.0.0")
    with pytest.raises(UserError, match=r'has no file "\.\./model\.json"; it has model\.json'):
        registry.file(model, "v1.0.0", "../model.json")


@pytest.mark.parametrize("begun", [1, 2])
def test_a_run_that_was_never_finished_is_no_version(place: Place, registry: Registry, model: str, begun: int) -> None:
    """As a process leaves it that dies before the record is made; `delete` and `register` clear it away."""
    register(registry, model, "v1.0.0")
    for _ in range(begun):
        begin(place.client(), model, "v1.1.0", location=None, params={"k": "5"}, metrics={})
    assert numbers(registry, model) == ["v1.0.0"]
    assert place.runs(model) == ["v1.0.0"] + ["v1.1.0"] * begun
    if begun == 1:
        with pytest.raises(UserError, match=r"has no version v1\.1\.0"):
            registry.delete(model, "v1.1.0")
        assert place.runs(model) == ["v1.0.0"]
    else:
        register(registry, model, "v1.1.0")
        assert numbers(registry, model) == ["v1.1.0", "v1.0.0"]
        assert place.runs(model) == ["v1.0.0", "v1.1.0"]


@pytest.mark.parametrize(
    ("version", "params", "metrics", "files", "told"),
    [
        ("1.0.0", {}, {}, {}, r'version "1\.0\.0" must look like v1\.2\.0'),
        ("v1.0.0", {"names": "x" * 6001}, {}, {}, "param names has 6001 characters, of at most 6000"),
        ("v1.0.0", {}, {"ratio": math.inf}, {}, "metric ratio is infinite"),
        ("v1.0.0", {}, {}, {"../model.json": "{}"}, "must be a plain file name"),
        ("v1.0.0", {"what?": "x"}, {}, {}, r"Invalid value|Invalid parameter"),
    ],
    ids=["number", "long", "infinite", "folder", "mlflow"],
)
def test_what_mlflow_would_not_give_back_is_refused(
    version: str,
    params: dict[str, str],
    metrics: dict[str, float],
    files: dict[str, str | bytes],
    told: str,
    registry: Registry,
    model: str,
) -> None:
    with pytest.raises(UserError, match=told):
        registry.register(model, version, params=params, metrics=metrics, tags={}, files=files)
    assert registry.versions(model) == []


def test_a_models_name_is_no_path(registry: Registry) -> None:
    with pytest.raises(UserError, match="must be a name"):
        registry.versions("../segments")
