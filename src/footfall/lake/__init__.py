"""Tables by name in zones: commit, read, history, erase."""

from footfall.lake.footers import time_span
from footfall.lake.lake import DataFile, Lake, Partition, fingerprint, open_lake
from footfall.lake.packs import MOST_TIERS, owners, pack, take_out, tier
from footfall.lake.writing import Transaction, forget_old_versions, sweep, transaction

__all__ = [
    "MOST_TIERS",
    "DataFile",
    "Lake",
    "Partition",
    "Transaction",
    "fingerprint",
    "forget_old_versions",
    "open_lake",
    "owners",
    "pack",
    "sweep",
    "take_out",
    "tier",
    "time_span",
    "transaction",
]
