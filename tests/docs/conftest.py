"""Tests of the documentation read it as readers do, and `docs/reference.py` as the site's build does."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """All pages a reader may see, as Markdown, with what is written from the code in its place."""
    from reference import fill  # noqa: PLC0415 - the path is set above

    files = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    return {str(file.relative_to(ROOT)): fill(file.read_text(encoding="utf-8")) for file in files}
