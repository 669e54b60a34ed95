"""Roles, what each may do, and who calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["marketing", "data_science", "operations", "dpo"]
Permission = Literal[
    "segments:read",
    "users:read",
    "users:export",
    "score",
    "forecasts:read",
    "series:read",
    "incidents:read",
    "incidents:write",
    "models:read",
    "models:write",
    "quality:read",
    "audit:read",
]

ROLES: tuple[Role, ...] = get_args(Role)

ALLOWED: Mapping[Permission, tuple[Role, ...]] = {
    "segments:read": ("marketing", "data_science", "dpo"),
    "users:read": ("marketing", "data_science", "dpo"),
    "users:export": ("marketing", "dpo"),
    "score": ("marketing", "data_science"),
    "forecasts:read": ("marketing", "data_science", "operations", "dpo"),
    "series:read": ("marketing", "data_science", "operations", "dpo"),
    "incidents:read": ("data_science", "operations", "dpo"),
    "incidents:write": ("operations",),
    "models:read": ("data_science", "operations", "dpo"),
    "models:write": ("data_science",),
    "quality:read": ("data_science", "operations", "dpo"),
    "audit:read": ("dpo",),
}


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        name: of the key.
        roles: of the key.
        key_id: id of the key; None where the server asks for none.
    """

    name: str
    roles: tuple[Role, ...]
    key_id: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether one of the roles allows it.

        >>> Caller("newsletter", ("marketing",)).may("users:export")
        True
        """
        return any(role in ALLOWED[permission] for role in self.roles)


# Whoever calls a server that asks for no keys.
ANYONE = Caller("anyone", ROLES)
