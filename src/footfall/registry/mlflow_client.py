"""The only door to MLflow: imported late, told to be silent, its errors told as ours."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from footfall.errors import FootfallError, RegistryUnreachable, SettingInvalid, StorageFailed, UserError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

Found = TypeVar("Found")

_NO_TELEMETRY = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

# Whoever sets these has a reason, so they are defaults only.
_DEFAULTS = {
    # MLflow logs how it makes its tables, and prints a traceback of what it then raises.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # MLflow's own are 7 retries of 120 s: a quarter of an hour until a silent server is told.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "PGCONNECT_TIMEOUT": "10",
    # MLflow keeps connections for as long as the process lives; one to a SQLite file that was replaced goes on
    # reading and writing the file that is gone.
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
}

_BUSY = (429, 502, 503, 504)
_NO_ENTRY = (401, 403)


def connect(uri: str) -> "MlflowClient":
    """A client of the store at `uri`; it makes the tables of a database that has none."""
    _set_environment()
    from mlflow import MlflowClient  # noqa: PLC0415 - it takes a second

    if not uri.startswith(("http", "sqlite")):
        _reach(uri)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def preload() -> None:
    """Import what a registry needs, for a process that answers people: no other thread of it gets on meanwhile."""
    _set_environment()
    import mlflow.store.tracking.sqlalchemy_store  # noqa: PLC0415, F401


def shown(uri: str) -> str:
    """The URI without user, password and query, as it may stand in a message."""
    parts = urlsplit(uri)
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"{scheme}{parts.netloc.rpartition('@')[2]}{parts.path}"


def every(search: Callable[..., Sequence[Found]], **asked: Any) -> list[Found]:
    """All pages of a search of MLflow's."""
    found: list[Found] = []
    token = None
    while True:
        page: Any = search(**asked, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def ensure(create: Callable[..., object], name: str, **asked: Any) -> None:
    """Create what has this name, unless it is there."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        create(name, **asked)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Tell what goes wrong with the store at `uri` as an error of ours.

    Raises:
        RegistryUnreachable: it does not answer, or is busy.
        SettingInvalid: it needs a package that is not installed.
        StorageFailed: a folder of it cannot be written.
        UserError: it refuses what was asked.
    """
    _set_environment()
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415
    from sqlalchemy.exc import OperationalError, SQLAlchemyError  # noqa: PLC0415

    place = f"registry {shown(uri)}"
    try:
        yield
    except MlflowException as error:
        raise _told(error, uri, place) from error
    except (RequestException, OperationalError) as error:
        raise _unreachable(place, error) from error
    except SQLAlchemyError as error:
        raise UserError(f"{place}: {_first_line(error, uri)}") from error
    except ImportError as error:
        raise SettingInvalid(f'{place}: needs the Python package "{error.name}"; install it') from error
    except OSError as error:
        raise StorageFailed(f"{place}: cannot be written ({error.strerror}); check the folder and the disk") from error


def _set_environment() -> None:
    """MLflow reads these while it is imported, telemetry among them."""
    os.environ.update(_NO_TELEMETRY)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def _told(error: "MlflowException", uri: str, place: str) -> FootfallError:
    cause = _network_error(error)
    if cause is not None or error.get_http_status_code() in _BUSY:
        return _unreachable(place, cause)
    if error.get_http_status_code() in _NO_ENTRY:
        return UserError(f"{place}: refuses the login; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
    return UserError(f"{place}: {_first_line(error, uri)}")


def _unreachable(place: str, cause: BaseException | None) -> RegistryUnreachable:
    reason = str(getattr(cause, "orig", None) or "does not answer").partition("\n")[0]
    return RegistryUnreachable(f"{place}: {reason}; check that it runs and can be reached, then run again")


def _network_error(error: BaseException | None) -> BaseException | None:
    """What MLflow met and put into words of its own."""
    from requests import RequestException  # noqa: PLC0415
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    while error is not None and not isinstance(error, RequestException | OperationalError):
        error = error.__cause__ or error.__context__
    return error


def _first_line(error: Exception, uri: str) -> str:
    secret = urlsplit(uri).netloc.rpartition("@")[0]
    line = str(error).partition("\n")[0][:300]
    return line.replace(f"{secret}@", "") if secret else line


@cache
def _reach(uri: str) -> None:
    """See that a database server answers: MLflow tries ten times, which takes it two minutes."""
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415

    with create_engine(uri, poolclass=NullPool).connect():
        pass
