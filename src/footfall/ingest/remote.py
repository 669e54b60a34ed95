"""Whether a file behind a URL is still the one that was landed, asked without downloading it."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from footfall.ingest.download import TIMEOUTS


def is_unchanged(url: str, size: int, since: datetime) -> bool:
    """Whether the server says that the file has this size and was not modified after that moment.

    A server that does not answer, or does not say both, gives False: the download then finds out.

    Args:
        url: the address.
        size: of the landed file, in bytes.
        since: when it was landed, naive UTC.
    """
    try:
        answer = httpx.head(url, follow_redirects=True, timeout=TIMEOUTS, headers={"Accept-Encoding": "identity"})
    except httpx.TransportError:
        return False
    length, modified = answer.headers.get("Content-Length"), answer.headers.get("Last-Modified")
    if not answer.is_success or length != str(size) or modified is None:
        return False
    try:
        moment = parsedate_to_datetime(modified)
    except ValueError:
        return False
    return moment.astimezone(UTC).replace(tzinfo=None) <= since
