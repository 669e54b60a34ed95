"""What can go wrong, said so that the reader knows what to do.

Every error that Footfall raises on purpose is a `FootfallError`. Its two branches answer the first question of whoever
runs it unattended: can a retry help?

A message names the file and line or column, what was found, what was expected, and the next step.
"""


class FootfallError(Exception):
    """The root of all errors that Footfall raises on purpose."""


class UserError(FootfallError):
    """The caller can fix it: a bad input, a bad setting. A retry gives the same error."""


class TransientError(FootfallError):
    """A retry can help: a network, a lock, a disk that was full."""


class SourceUnreadable(UserError):
    """A file is not what its source says it is."""


class SettingInvalid(UserError):
    """A setting has a value that cannot be used."""


class LakeInvalid(UserError):
    """A folder is not a lake, or the lake cannot be used as asked."""


class LeakingFeature(UserError):
    """A feature of a model uses what comes after the origin."""


class QueryRefused(UserError):
    """A query does more than read the lake's tables, or is not valid SQL."""


class ContractViolated(FootfallError):
    """Rows do not fit the contract of the table they were meant for: a defect in Footfall, not in the data."""


class LakeBusy(TransientError):
    """Another run is writing to the lake."""


class RegistryUnreachable(TransientError):
    """The registry of models does not answer, or others are writing to it."""


class StorageFailed(TransientError):
    """The disk is full or refuses to be written."""


class DownloadFailed(TransientError):
    """A file could not be fetched completely."""
