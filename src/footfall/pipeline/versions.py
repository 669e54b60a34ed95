"""What people do with versions of the segment model: list, promote, roll back, retire, score elsewhere, explain."""

import re
import shutil

import pyarrow as pa

from footfall.contracts import CUSTOMER_SEGMENTS, SEGMENT_MIGRATION
from footfall.errors import SettingInvalid, UserError
from footfall.lake import Lake, open_lake
from footfall.pipeline.keys import pseudonymiser
from footfall.pipeline.models import (
    CHALLENGER,
    CHAMPION,
    MODEL,
    PREVIOUS,
    folder_of,
    load,
    no_segments,
    publish,
    registry_of,
    restore,
)
from footfall.pipeline.query import query
from footfall.pipeline.segments import features_of, serve, serving
from footfall.pipeline.writing import locked, writing
from footfall.registry import Version
from footfall.segments import SegmentModel, explain, score_sql
from footfall.segments.explanation import Explanation
from footfall.segments.sql import Dialect
from footfall.settings import Settings

_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


def versions(settings: Settings) -> list[Version]:
    """All versions that the registry knows, the newest first."""
    return registry_of(open_lake(settings.lake), settings).versions(MODEL)


def model_of(settings: Settings, version: str | None = None) -> SegmentModel:
    """A version's model; by default the one that serves.

    Raises:
        UserError: there is no such version, or none serves.
    """
    lake = open_lake(settings.lake)
    return load(lake, version or _serving(lake), registry_of(lake, settings))


def promote(settings: Settings, version: str | None = None) -> tuple[str, str]:
    """Let a version serve: the users are scored by it, and the champion before becomes `previous`.

    Args:
        settings: the lake and its registry.
        version: by default the challenger.

    Returns:
        The version that serves now, and the one that served before.

    Raises:
        UserError: there is no such version.
        SourceUnreadable: it does not reproduce its witnesses.
    """
    lake = open_lake(settings.lake)
    registry = registry_of(lake, settings)
    with writing(lake, settings) as engine:
        before = lake.first(CUSTOMER_SEGMENTS)
        if before is None:
            raise no_segments(lake)
        challenger = registry.alias(MODEL, CHALLENGER)
        chosen = version or (challenger.version if challenger else None)
        if chosen is None:
            raise UserError("no version is challenger; name one, as `footfall segment list` shows them")
        served = str(before["model_version"])
        if chosen != served:
            registry.version(MODEL, chosen)
            model = restore(lake, registry, chosen)
            serve(lake, engine(), model, features_of(lake, engine(), before["as_of"]))
            publish(lake, settings, chosen, CHAMPION)
    return chosen, served


def rollback(settings: Settings) -> tuple[str, str]:
    """Let the champion before the present one serve again.

    Raises:
        UserError: there is none.
    """
    previous = registry_of(open_lake(settings.lake), settings).alias(MODEL, PREVIOUS)
    if previous is None:
        raise UserError("no champion came before this one; promote a version by name instead")
    return promote(settings, previous.version)


def retire(settings: Settings, *, keep: int) -> list[str]:
    """Delete old versions, in the lake and in the registry.

    Args:
        settings: the lake and its registry.
        keep: how many of the newest stay; champion, challenger, previous and what served at the date before stay too.

    Returns:
        The versions that are gone.
    """
    lake = open_lake(settings.lake)
    registry = registry_of(lake, settings)
    with locked(lake):
        # Without the models of the dates before, who moved could not be said again.
        needed = {serving(lake), *lake.load(SEGMENT_MIGRATION)["from_model_version"].unique().to_pylist()}
        old = [one.version for one in registry.versions(MODEL)[keep:] if not one.aliases and one.version not in needed]
        for version in old:
            if folder_of(lake, version).exists():
                shutil.rmtree(folder_of(lake, version))
            registry.delete(MODEL, version)
    return old


def scoring_sql(settings: Settings, dialect: Dialect, table: str, version: str | None = None) -> str:
    """A query that puts the users of `user_features` into the segments of a version, in another database."""
    return score_sql(model_of(settings, version), dialect=dialect, table=table)


def explain_user(settings: Settings, user: str) -> Explanation:
    """Why a user is in a segment.

    Args:
        settings: the lake, and its key if `user` is no pseudonym.
        user: a pseudonym, or an id as the shop knows it.

    Raises:
        UserError: there is no such user, or no model yet.
    """
    lake = open_lake(settings.lake)
    model = model_of(settings)
    features = _user(lake, user) if _PSEUDONYM.fullmatch(user) else None
    if not features:
        try:
            name = pseudonymiser(settings, lake).one(user)
        except SettingInvalid as error:
            raise SettingInvalid(
                f'"{user}" is no pseudonym in lake {lake.root}; to look for it as an id of the shop: {error}'
            ) from error
        features = _user(lake, name or "")
    if not features:
        raise UserError(f'"{user}" is no user of lake {lake.root}: neither a pseudonym nor an id of the shop')
    return explain(model, features, features["user_id"][0].as_py())


def _user(lake: Lake, pseudonym: str) -> pa.Table:
    return query(
        lake,
        f"SELECT * FROM user_features WHERE user_id = '{pseudonym}' "
        "AND as_of = (SELECT max(as_of) FROM customer_segments)",
    )


def _serving(lake: Lake) -> str:
    version = serving(lake)
    if version is None:
        raise no_segments(lake)
    return version
