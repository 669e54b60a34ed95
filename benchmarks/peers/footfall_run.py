"""Footfall as a user runs it: `footfall ingest`, then `footfall features`.

    python footfall_run.py FILE.csv.gz OUT WORK_FOLDER MEMORY THREADS

OUT becomes a link to the folder of the lake's `user_features`. The key of the pseudonyms stays in WORK_FOLDER/key.
"""

import os
import subprocess
import sys
from pathlib import Path


def main(file: str, out: str, work: str, memory: str, threads: str) -> None:
    """Raw file to features."""
    lake = Path(work).resolve() / "lake"
    footfall_on(lake, ["ingest", file], memory, threads)
    footfall_on(lake, ["features"], memory, threads)
    Path(out).symlink_to(lake / "processed" / "user_features", target_is_directory=True)


def footfall_on(lake: Path, command: list[str], memory: str, threads: str) -> None:
    """Run one command on the lake; its key lies beside it."""
    environment = os.environ | {"FOOTFALL_KEY_FILE": str(lake.parent / "key")}
    footfall = Path(sys.executable).with_name("footfall")
    options = ["--lake", str(lake), "--memory", memory, "--threads", threads]
    subprocess.run([footfall, *command, *options], env=environment, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
