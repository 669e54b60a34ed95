"""What every table holds: columns, types, units and grain, in one place."""

from footfall.contracts.table import Column, Table
from footfall.contracts.tables import (
    BUCKETS,
    CUSTOMER_SEGMENTS,
    EVENT_TYPES,
    EVENTS,
    K_SELECTION,
    PRODUCT_PRICES,
    PURCHASES,
    QUARANTINE,
    QUARANTINE_REASONS,
    RAW_FILES,
    ROW_ACCOUNTS,
    SEGMENT_MIGRATION,
    SEGMENT_PROFILES,
    SESSIONS,
    USER_MEMBERS,
    USER_MONTHS,
)

__all__ = [
    "BUCKETS",
    "CUSTOMER_SEGMENTS",
    "EVENTS",
    "EVENT_TYPES",
    "K_SELECTION",
    "PRODUCT_PRICES",
    "PURCHASES",
    "QUARANTINE",
    "QUARANTINE_REASONS",
    "RAW_FILES",
    "ROW_ACCOUNTS",
    "SEGMENT_MIGRATION",
    "SEGMENT_PROFILES",
    "SESSIONS",
    "USER_MEMBERS",
    "USER_MONTHS",
    "Column",
    "Table",
]
