"""The public data where it lies beside the repository."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data"
REES46_SAMPLE = "rees46_2019-10_sample.csv"


def real_file(name: str) -> Path:
    """A file of real data; the test is skipped where there is none."""
    if not (FOLDER / name).exists():
        pytest.skip(f"real data {name} is not beside this repository")
    return FOLDER / name
