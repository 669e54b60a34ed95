"""How many segments each part is to have."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from footfall.errors import SettingInvalid
from footfall.segments.feature_table import feature_names
from footfall.segments.parts import TOP_SPENDERS, USERS, Parts, divide

Numbers = int | tuple[int, int] | Mapping[str, int]
"""How many segments: in all, of buyers and of visitors, or by part."""


def divided(features: pa.Table, k: Numbers, *, isolate_top_spenders: bool) -> tuple[Parts, dict[str, int]]:
    """Name the parts, and how many segments each has. One segment in all is of everyone.

    Raises:
        SettingInvalid: there are fewer users than segments, or a number is none.
        SourceUnreadable: the table holds no features.
    """
    feature_names(features)
    parts = divide(features, isolate_top_spenders=isolate_top_spenders)
    tail, others = [one for one in parts if one[0] == TOP_SPENDERS], [one for one in parts if one[0] != TOP_SPENDERS]
    if k == 1:
        others = [(USERS, None)]
    numbers = _shared(k, [name for name, _ in others])
    check_numbers(numbers, features.num_rows)
    return (*tail, *others), numbers | {name: 1 for name, _ in tail}


def _shared(k: Numbers, parts: Sequence[str]) -> dict[str, int]:
    if isinstance(k, Mapping):
        return {name: k.get(name, 1) for name in parts}
    if isinstance(k, tuple):
        if len(parts) != len(k):
            raise SettingInvalid(
                f"k is {'+'.join(map(str, k))}, of buyers and of visitors, but all users here are {parts[0]}; "
                "give one number"
            )
        return dict(zip(parts, k, strict=True))
    return {parts[0]: k} if len(parts) == 1 else {parts[0]: (k + 1) // 2, parts[1]: k // 2}


def check_numbers(numbers: Mapping[str, int], users: int) -> None:
    """Refuse numbers that the users cannot be divided into.

    Raises:
        SettingInvalid: a number is below 1, or there are fewer users.
    """
    least, k = min(numbers.values()), sum(numbers.values())
    if least < 1:
        raise SettingInvalid(f"k is {least} and must be 1 or more; choose how many segments to make, for example 5")
    if users < max(k, 2):
        raise SettingInvalid(
            f"user_features: {users:,} users, and k = {k} needs {max(k, 2):,} or more; choose a smaller k or add data"
        )
