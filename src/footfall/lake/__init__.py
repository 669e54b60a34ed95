"""Tables by name in zones: commit, read, history, erase."""

from footfall.lake.footers import time_span
from footfall.lake.lake import DataFile, Lake, Partition, fingerprint, open_lake
from footfall.lake.writing import Transaction, forget_old_versions, sweep, transaction

__all__ = [
    "DataFile",
    "Lake",
    "Partition",
    "Transaction",
    "fingerprint",
    "forget_old_versions",
    "open_lake",
    "sweep",
    "time_span",
    "transaction",
]
