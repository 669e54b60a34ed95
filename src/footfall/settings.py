"""Settings: `footfall.toml` in the working folder, then `FOOTFALL_*` variables, then flags."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from footfall.errors import SettingInvalid

Model = TypeVar("Model", bound=BaseModel)


class Settings(BaseSettings):
    """Everything that can be set. The defaults work on a laptop without any file."""

    model_config = SettingsConfigDict(env_prefix="FOOTFALL_", toml_file="footfall.toml", extra="forbid", frozen=True)

    lake: Path = Field(Path("lake"), description="folder of the lake")
    engine: Literal["duckdb", "spark"] = Field("duckdb", description="what runs the work")
    spark_master: str = Field("local[*]", description="master URL of Spark")
    memory: str | None = Field(None, description="memory limit of the engine, such as 4GB")
    threads: Annotated[int, Field(ge=1)] | None = Field(None, description="cores to use; all by default")
    key: SecretStr | None = Field(None, description="secret key of the pseudonyms, at least 16 characters")
    key_file: Path | None = Field(None, description="file with that key; made on first use")
    timezone: str = Field("UTC", description="the shop's time zone, for hours, weekends and days of the month")
    session_gap_minutes: Annotated[float, Field(gt=0)] = Field(30, description="inactivity that ends a session")
    period: str | None = Field(None, description="accepted event times, FROM..TO (TO not included)")
    price_outliers: Literal["keep", "iqr"] = Field("keep", description="iqr rejects prices outside Tukey's fences")
    as_of: datetime | None = Field(None, description="use only events before it, UTC")
    k: int | tuple[int, int] | Literal["auto"] = Field(
        "auto", description="number of segments, or of buyers + visitors, like 3+4; auto finds the largest that hold"
    )
    resamples: Annotated[int, Field(ge=0)] = Field(
        200, description="how often users are drawn again to see which numbers of segments hold; 0 measures nothing"
    )
    isolate_top_spenders: bool = Field(
        False, description="whether buyers beyond the upper fence of spend are a segment of their own"
    )
    as_challenger: bool = Field(
        False, description="whether a new fit waits as challenger while the champion scores the users"
    )
    fresh: bool = Field(False, description="whether a fit forgets the last model: other segments, other ids")
    registry: SecretStr | None = Field(None, description="MLflow server or database; by default in the lake")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(0, description="seed of whatever is random")
    members: Annotated[int, Field(ge=1)] = Field(
        20, description="brands, countries and categories of a level with series of their own; the rest is `other`"
    )
    calendar: Path | None = Field(None, description="sales, closed days and holidays; sales.toml where there is one")
    alerts: Path | None = Field(None, description="when somebody is told of an anomaly; alerts.toml where there is one")
    baseline: Literal["fast", "prophet", "lstm"] = Field(
        "fast", description="what detection expects: its own fast model, or the forecasts of Prophet or of an LSTM"
    )
    rees46_url: str | None = Field(None, description="a mirror of the published REES46 files")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags win over variables, variables over the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f'"{name}" is no time zone; write it like Europe/Paris') from error
        return name

    @field_validator("k", mode="before")
    @classmethod
    def _numbers_or_auto(cls, k: object) -> object:
        if k == "auto":
            return k
        text = "+".join(map(str, k)) if isinstance(k, list | tuple) else str(k)
        numbers = text.split("+")
        if len(numbers) > 2 or not all(number.isdecimal() and int(number) >= 1 for number in numbers):
            raise ValueError(f'"{text}" must be 1 or more, two such numbers like 3+4, or auto')
        return int(text) if len(numbers) == 1 else tuple(map(int, numbers))

    @field_validator("as_of")
    @classmethod
    def _naive(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and moment.tzinfo is not None:
            raise ValueError("is UTC and takes no time zone; write it like 2019-11-01 or 2019-11-01T12:00")
        return moment

    @field_validator("period")
    @classmethod
    def _readable_period(cls, text: str | None) -> str | None:
        if text is not None:
            parse_period(text)
        return text


def load_settings(**flags: Any) -> Settings:
    """Settings with the flags that are not None.

    Raises:
        SettingInvalid: a value cannot be used; the message names the setting.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except tomllib.TOMLDecodeError as error:
        raise SettingInvalid(f"footfall.toml: is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingInvalid(f"setting {name}: {first['msg'].removeprefix('Value error, ')}") from error


def read_toml(file: Path, what: str, model: type[Model], *, table: str | None = None) -> Model:
    """A TOML file, or one table of it, as a model.

    Args:
        file: which.
        what: what the file is, for errors.
        model: what it has to be.
        table: the part to read; what is left of the file where a model excludes it is that model's business.

    Raises:
        SettingInvalid: it cannot be read, or says something that the model does not say.
    """
    try:
        told = tomllib.loads(file.read_text("utf-8"))
        return model.model_validate(told if table is None else told.get(table, {}))
    except OSError as error:
        raise SettingInvalid(f"{what} {file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        place = "" if table is None else f"{table}: "
        raise SettingInvalid(f"{what} {file}: {place}{_what_is_wrong(error)}") from None


def _what_is_wrong(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 text ({error.reason} at byte {error.start})"
    if not isinstance(error, ValidationError):
        return f"is not valid TOML: {error}"
    first = error.errors()[0]
    names = [f"number {part + 1}" if isinstance(part, int) else str(part) for part in first["loc"]]
    return f"{' '.join(names) or 'file'}: {first['msg'].removeprefix('Value error, ')}"


def parse_period(text: str) -> tuple[datetime, datetime]:
    """The two ends of `FROM..TO`.

    >>> parse_period("2019-10-01..2019-11-01")[0]
    datetime.datetime(2019, 10, 1, 0, 0)
    """
    start, separator, end = text.partition("..")
    try:
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError as error:
        raise ValueError(f'"{text}" must be FROM..TO, like 2019-10-01..2019-11-01') from error
    if not separator or first >= last:
        raise ValueError(f'"{text}" must be FROM..TO with FROM before TO')
    return first, last
