"""What the headers of an answer say about a file: which version it is, how long, and with which sums."""

import base64
import hashlib
import re
from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Version:
    """One state of a file at its server, as the headers of its first answer describe it."""

    url: str
    url_sha256: str
    etag: str | None
    last_modified: str | None
    total: int | None
    sha256: str | None
    md5: str | None

    @classmethod
    def described_by(cls, headers: httpx.Headers, url: str) -> "Version":
        """The version that an answer brings."""
        length = headers.get("Content-Length")
        return cls(
            url=without_secrets(url),
            url_sha256=fingerprint(url),
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            total=int(length) if length else None,
            sha256=_promised_sha256(headers),
            md5=_hex_digest(headers.get("Content-MD5", ""), length=16),
        )

    @property
    def validator(self) -> str | None:
        """What If-Range may carry: RFC 9110 (13.1.5) forbids a weak ETag there."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    def is_continued_by(self, headers: httpx.Headers, total: int | None) -> bool:
        """Whether a 206 brings more of this version; some servers honour Range and overlook If-Range."""
        if None not in (total, self.total) and total != self.total:
            return False
        for name, remembered in (("ETag", self.etag), ("Last-Modified", self.last_modified)):
            if remembered and name in headers:
                return bool(headers[name] == remembered)
        return True


def fingerprint(url: str) -> str:
    """Tells addresses apart without keeping them."""
    return hashlib.sha256(url.encode()).hexdigest()


def _promised_sha256(headers: httpx.Headers) -> str | None:
    """The sum of the whole file in Repr-Digest (RFC 9530) or Digest (RFC 3230), whichever the server sends."""
    for name in ("Repr-Digest", "Digest"):
        found = re.search(r"(?:^|[,\s])sha-256=:?([A-Za-z0-9+/]+=*)", headers.get(name, ""), re.IGNORECASE)
        if found:
            return _hex_digest(found[1], length=32)
    return None


def _hex_digest(encoded: str, length: int) -> str | None:
    """None for what is not a sum of this length, as some servers put other things into these headers."""
    try:
        digest = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    return digest.hex() if len(digest) == length else None


def span(headers: httpx.Headers) -> tuple[int | None, int | None]:
    """Where the bytes of a 206 begin, and how long the whole file is; None where the server does not tell."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(?:(\d+)|\*)", headers.get("Content-Range", ""))
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] else None


def without_secrets(url: str) -> str:
    """The address for messages and files."""
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))
