"""Tables by name in zones: commit, read, history, erase."""

from footfall.lake.lake import DataFile, Lake, fingerprint, open_lake
from footfall.lake.writing import Transaction, forget_old_versions, sweep, transaction

__all__ = ["DataFile", "Lake", "Transaction", "fingerprint", "forget_old_versions", "open_lake", "sweep", "transaction"]
