"""User ids -> pseudonyms, keyed: HMAC-SHA-256 (RFC 2104), of which the first 128 bits are kept."""

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from footfall.contracts import BUCKETS

_HEX_DIGITS = 32
_BLOCK_BYTES = 64
_DIGITS = pa.array([f"{bucket:x}" for bucket in range(BUCKETS)])


class Pseudonymiser:
    """Makes the same pseudonym for the same id and key; without the key an id cannot be guessed and checked.

    The key's id may be published: it tells keys apart and says nothing about them.

    Args:
        key: at least 16 secret bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        # Both pads are digested once and copied for every id: 0.65 us instead of 1.6 us for `hmac.digest`.
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def __reduce__(self) -> tuple[type["Pseudonymiser"], tuple[bytes]]:
        return Pseudonymiser, (self._key,)

    def __repr__(self) -> str:
        return f"Pseudonymiser(key_id={self.key_id})"

    @property
    def key_id(self) -> str:
        """Eight hexadecimal digits that tell this key from others."""
        return self._digest("footfall key id")[:8]

    def one(self, user: str) -> str | None:
        """The pseudonym of one raw id; None for a blank one.

        >>> Pseudonymiser(b"an example of a key").one(" 13085.0") == Pseudonymiser(b"an example of a key").one("13085")
        True
        """
        name = normalise(user)
        return self._digest(name) if name else None

    def _digest(self, text: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:_HEX_DIGITS]

    def of(self, users: pa.Array, fallback: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Pseudonyms and hash buckets of an array of ids.

        A row without an id has no pseudonym; its bucket follows from `fallback` (its session or order), so that the
        rows of a visit stay together.

        Returns:
            Pseudonyms (string, null where the id is) and buckets (int32, never null), in the order of `users`.
        """
        encoded, pseudonym = users.dictionary_encode(), self.one
        known = pa.array([pseudonym(user) for user in encoded.dictionary.to_pylist()], pa.string())
        user_id = known.take(encoded.indices)
        bucket = _buckets(known).take(encoded.indices)
        if bucket.null_count:
            nameless = bucket.is_null()
            others = fallback.filter(nameless).fill_null("").dictionary_encode()
            made = pa.array([self._digest(f" {text}") for text in others.dictionary.to_pylist()], pa.string())
            bucket = pc.replace_with_mask(bucket, nameless, _buckets(made).take(others.indices))
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
