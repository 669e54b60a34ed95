"""User ids -> pseudonyms, keyed: HMAC-SHA-256 (RFC 2104), of which the first 128 bits are kept."""

import hmac
from functools import cached_property, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from footfall.contracts import BUCKETS

_HEX_DIGITS = 32
_REMEMBERED = 1 << 19


class Pseudonymiser:
    """Makes the same pseudonym for the same id and key; without the key an id cannot be guessed and checked.

    The key's id may be published: it tells keys apart and says nothing about them.

    Args:
        key: at least 16 secret bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @cached_property
    def key_id(self) -> str:
        """Eight hexadecimal digits that tell this key from others."""
        return hmac.digest(self._key, b"footfall key id", "sha256").hex()[:8]

    def __repr__(self) -> str:
        return f"Pseudonymiser(key_id={self.key_id})"

    def __getstate__(self) -> dict[str, bytes]:
        return {"_key": self._key}

    def __setstate__(self, state: dict[str, bytes]) -> None:
        self._key = state["_key"]

    @cached_property
    def one(self) -> "lru_cache[str]":  # type: ignore[type-arg]
        """The pseudonym of one id, as text; recent ones are remembered, because a visitor's events come together."""
        return lru_cache(_REMEMBERED)(self._make)

    def _make(self, user: str) -> str:
        return hmac.digest(self._key, normalise(user).encode(), "sha256").hex()[:_HEX_DIGITS]

    def of(self, users: pa.Array, fallback: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Pseudonyms and hash buckets of an array of ids.

        A row without an id has no pseudonym; its bucket follows from `fallback` (its session or order), so that the rows
        of a visit stay together.

        Returns:
            Pseudonyms (string, null where the id is) and buckets (int32, never null), in the order of `users`.
        """
        encoded = users.dictionary_encode()
        known = [self.one(user) if user.strip() else None for user in encoded.dictionary.to_pylist()]
        user_id = pa.array(known, pa.string()).take(encoded.indices)
        bucket = pa.array([_bucket(user) if user else None for user in known], pa.int32()).take(encoded.indices)
        if bucket.null_count:
            bucket = pc.coalesce(bucket, self._buckets(fallback.fill_null("")))
        return user_id, bucket

    def _buckets(self, texts: pa.Array) -> pa.Array:
        encoded = texts.dictionary_encode()
        buckets = [_bucket(self._make(text)) for text in encoded.dictionary.to_pylist()]
        return pa.array(buckets, pa.int32()).take(encoded.indices)


def normalise(user: str) -> str:
    """The id without what exports add to it: blanks around it, and the `.0` of a number that went through a float.

    >>> normalise(" 13085.0")
    '13085'
    """
    trimmed = user.strip()
    digits = trimmed.removesuffix(".0")
    return digits if digits.isdigit() else trimmed


def _bucket(pseudonym: str) -> int:
    return int(pseudonym[0], 16) % BUCKETS
