"""User ids -> pseudonyms, keyed: HMAC-SHA-256 (RFC 2104), of which the first 128 bits are kept."""

import hmac
from functools import cached_property, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from footfall.contracts import BUCKETS

_HEX_DIGITS = 32
_REMEMBERED = 1 << 19
_DIGITS = pa.array([f"{bucket:x}" for bucket in range(BUCKETS)])


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
        """The pseudonym of one id (None for a blank one); recent ones are remembered, because a visitor's events come together."""
        return lru_cache(_REMEMBERED)(self._of_user)

    def _of_user(self, user: str) -> str | None:
        name = normalise(user)
        return self._make(name) if name else None

    def _make(self, name: str) -> str:
        return hmac.digest(self._key, name.encode(), "sha256").hex()[:_HEX_DIGITS]

    def of(self, users: pa.Array, fallback: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Pseudonyms and hash buckets of an array of ids.

        A row without an id has no pseudonym; its bucket follows from `fallback` (its session or order), so that the rows
        of a visit stay together.

        Returns:
            Pseudonyms (string, null where the id is) and buckets (int32, never null), in the order of `users`.
        """
        encoded, pseudonym = users.dictionary_encode(), self.one
        known = pa.array([pseudonym(user) for user in encoded.dictionary.to_pylist()], pa.string())
        user_id = known.take(encoded.indices)
        bucket = _buckets(known).take(encoded.indices)
        if bucket.null_count:
            others = fallback.fill_null("").dictionary_encode()
            made = pa.array([self._make(f" {text}") for text in others.dictionary.to_pylist()], pa.string())
            bucket = pc.coalesce(bucket, _buckets(made).take(others.indices))
        return user_id, bucket


def normalise(user: str) -> str:
    """The id without what exports add to it: blanks around it, and the `.0` of a number that went through a float.

    >>> normalise(" 13085.0")
    '13085'
    """
    trimmed = user.strip()
    digits = trimmed.removesuffix(".0")
    return digits if digits.isdigit() else trimmed


def _buckets(pseudonyms: pa.Array) -> pa.Array:
    return pc.index_in(pc.utf8_slice_codeunits(pseudonyms, 0, 1), _DIGITS)
