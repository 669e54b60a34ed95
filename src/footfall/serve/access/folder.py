"""Where keys and the audit log lie: a folder of the lake that only its owner may look into."""

from pathlib import Path

from footfall.lake import Lake


def access_folder(lake: Lake) -> Path:
    """The lake's folder of keys and of the audit log; it exists once there is a key or an entry."""
    return lake.root / "access"
