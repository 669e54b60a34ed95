"""What each role may do is what was agreed, and what the documentation says."""

import re
from pathlib import Path
from typing import get_args

import pytest

from footfall.serve.access import ALLOWED, ANYONE, ROLES, Caller, Permission, Role

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
READS = {name for name in PERMISSIONS if name.endswith(":read")}
AGREED: dict[Role, set[Permission]] = {
    "marketing": {"segments:read", "users:read", "users:export", "score", "forecasts:read", "series:read"},
    "data_science": READS - {"audit:read"} | {"score", "models:write"},
    "operations": {
        "series:read",
        "forecasts:read",
        "incidents:read",
        "incidents:write",
        "quality:read",
        "models:read",
    },
    "dpo": READS | {"users:export"},
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_was_agreed_and_nothing_else(role: Role) -> None:
    caller = Caller("someone", (role,))
    assert {permission for permission in PERMISSIONS if caller.may(permission)} == AGREED[role]


def test_two_roles_may_what_either_may() -> None:
    both = Caller("someone", ("marketing", "operations"))
    may = {permission for permission in PERMISSIONS if both.may(permission)}
    assert may == AGREED["marketing"] | AGREED["operations"]


def test_without_a_role_nothing_may_be_done() -> None:
    assert not any(Caller("nobody", ()).may(permission) for permission in PERMISSIONS)


def test_anyone_may_everything() -> None:
    assert all(ANYONE.may(permission) for permission in PERMISSIONS)


def test_the_documentation_has_the_same_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "access.md").read_text(encoding="utf-8")
    header = next(line for line in page.splitlines() if "`marketing`" in line and line.startswith("|"))
    roles = re.findall(r"`(\w+)`", header)
    told = {
        name: {role for role, cell in zip(roles, cells.split("|"), strict=True) if cell.strip() == "yes"}
        for name, cells in re.findall(r"^\| `([\w:]+)` \|[^|]+\|(.+)\|$", page, re.MULTILINE)
    }
    assert told == {name: set(allowed) for name, allowed in ALLOWED.items()}
