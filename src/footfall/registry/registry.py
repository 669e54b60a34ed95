"""Versions of models: registered whole or not at all, found by number or by alias."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from footfall.errors import UserError
from footfall.registry.records import CONTENT, VERSION, begin, finish, name_of, records, runs
from footfall.registry.store import Store, open_store
from footfall.registry.version import Version, check_model, check_version, content_of, number

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

Found = TypeVar("Found")


class Registry:
    """Versions of models.

    Every method raises RegistryUnreachable where a retry can help, and UserError where MLflow refuses what is asked.

    Args:
        store: where they are kept; `open_registry` finds it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever registered, as far as can be seen without asking a server."""
        return self._store.is_empty

    def register(
        self,
        model: str,
        version: str,
        *,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        files: Mapping[str, str | bytes],
    ) -> None:
        """Add a version, or replace the one of that number.

        A version that has an alias stays as it is; the same params and files are then not an error.

        Raises:
            UserError: the version has an alias and other params or files, or a value cannot be kept.
        """
        contents = {name: file.encode() if isinstance(file, str) else file for name, file in files.items()}
        check_version(model, version, params, metrics, contents)
        content = content_of(params, contents)
        with self._store.writing() as client:
            used = _used(client, model, version)
            if any(record.tags.get(CONTENT) == content for record in used):
                return
            _refuse_used(model, version, used, "what is to be registered differs from it and needs another number")
            run = begin(client, model, version, location=self._store.location(model), params=params, metrics=metrics)
            self._store.put(model, run, contents)
            finish(client, model, version, run.info.run_id, {**tags, CONTENT: content})
            self._clear(client, model, version, keep=run.info.run_id)

    def versions(self, model: str) -> list[Version]:
        """All versions, the highest number first."""
        check_model(model)
        if self._store.is_empty:
            return []
        with self._store.reading() as client:
            return [_version(model, record, run) for record, run in _whole(client, model).values()]

    def version(self, model: str, version: str) -> Version:
        """One version.

        Raises:
            UserError: there is none of that number.
        """
        return _pick(model, version, {one.version: one for one in self.versions(model)})

    def file(self, model: str, version: str, name: str) -> bytes:
        """The content of one of its files.

        Raises:
            UserError: there is no such version or file.
        """
        with self._store.reading() as client:
            _, run = _pick(model, version, _whole(client, model))
            names = self._store.names(model, run)
            if name not in names:
                raise UserError(f'{model} {version}: has no file "{name}"; it has {", ".join(names) or "none"}')
            return self._store.get(model, run, name)

    def alias(self, model: str, alias: str) -> Version | None:
        """The version that the alias points at."""
        return next((version for version in self.versions(model) if alias in version.aliases), None)

    def set_alias(self, model: str, alias: str, version: str) -> None:
        """Let the alias point at a version, and at no other.

        Raises:
            UserError: there is no such version, or MLflow takes no such alias.
        """
        with self._store.writing() as client:
            record, _ = _pick(model, version, _whole(client, model))
            client.set_registered_model_alias(name_of(model), alias, str(record.version))

    def drop_alias(self, model: str, alias: str) -> None:
        """Let the alias point at nothing, as it may already."""
        if self.alias(model, alias) is not None:
            with self._store.writing() as client:
                client.delete_registered_model_alias(name_of(model), alias)

    def delete(self, model: str, version: str) -> None:
        """Delete a version and its files. MLflow hides the run; `mlflow gc` wipes what it keeps of it.

        Raises:
            UserError: there is no such version, or it has an alias.
        """
        with self._store.writing() as client:
            whole = _whole(client, model)
            _refuse_used(model, version, _used(client, model, version), "move the alias to another version first")
            # Even where none is listed: an earlier deletion may have died before the files were gone.
            self._clear(client, model, version)
            _pick(model, version, whole)

    def _clear(self, client: "MlflowClient", model: str, version: str, keep: str | None = None) -> None:
        """Delete all runs of that number but one: from the record to the run, so that a kill leaves none half there."""
        for record in records(client, model):
            if record.tags[VERSION] == version and record.run_id != keep:
                client.delete_model_version(name_of(model), str(record.version))
        for run in runs(client, model):
            if run.info.run_name == version and run.info.run_id != keep:
                self._store.wipe(model, run)
                client.delete_run(run.info.run_id)


def open_registry(uri: str | None, folder: Path) -> Registry:
    """The registry at the URI of an MLflow server or database, or without one the registry in the folder.

    A server keeps the files of versions itself; with a database they are in the folder. Nothing is opened or made yet.

    Raises:
        SettingInvalid: the URI is of no kind that MLflow keeps models in.
    """
    return Registry(open_store(uri, folder))


def _whole(client: "MlflowClient", model: str) -> "dict[str, tuple[ModelVersion, Run]]":
    """Record and run of every version of which both are there, the highest number first."""
    found = {run.info.run_id: run for run in runs(client, model)}
    # A register that died before it deleted what it replaced leaves two records: the newer one is the last to be set.
    whole = {
        record.tags[VERSION]: (record, found[record.run_id])
        for record in reversed(records(client, model))
        if record.run_id in found
    }
    return dict(sorted(whole.items(), key=lambda item: number(item[0]) or (), reverse=True))


def _version(model: str, record: "ModelVersion", run: "Run") -> Version:
    return Version(
        model=model,
        version=record.tags[VERSION],
        created_at=datetime.fromtimestamp(record.creation_timestamp / 1000, UTC).replace(tzinfo=None),
        aliases=tuple(record.aliases),
        params=run.data.params,
        metrics=run.data.metrics,
        tags={name: value for name, value in record.tags.items() if name not in (VERSION, CONTENT)},
    )


def _pick(model: str, version: str, whole: Mapping[str, Found]) -> Found:
    if version not in whole:
        there = f"there are {', '.join(whole)}" if whole else "there is none yet"
        raise UserError(f"{model}: has no version {version}; {there}")
    return whole[version]


def _used(client: "MlflowClient", model: str, version: str) -> "list[ModelVersion]":
    return [record for record in records(client, model) if record.tags[VERSION] == version and record.aliases]


def _refuse_used(model: str, version: str, used: "list[ModelVersion]", why: str) -> None:
    if used:
        aliases = ", ".join(alias for record in used for alias in record.aliases)
        raise UserError(f"{model} {version}: is in use as {aliases}; {why}")
