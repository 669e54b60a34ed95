"""Who may do what, and who did what: roles, API keys, sessions, the audit log, and a limit on how often."""

from footfall.serve.access.audit import AuditLog, Entries, Entry, Outcome, Via
from footfall.serve.access.folder import access_folder
from footfall.serve.access.keys import Key, KeyStore
from footfall.serve.access.rate import RateLimit
from footfall.serve.access.roles import ALLOWED, ANYONE, ROLES, Caller, Permission, Role
from footfall.serve.access.sessions import Sessions

__all__ = [
    "ALLOWED",
    "ANYONE",
    "ROLES",
    "AuditLog",
    "Caller",
    "Entries",
    "Entry",
    "Key",
    "KeyStore",
    "Outcome",
    "Permission",
    "RateLimit",
    "Role",
    "Sessions",
    "Via",
    "access_folder",
]
