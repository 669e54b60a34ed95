"""Pages hold together: links lead somewhere, decisions are numbered, the changelog knows the version."""

import re
from pathlib import Path

import footfall

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def test_links_between_files_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not dead


def test_decisions_are_numbered_and_say_why() -> None:
    files = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    assert [file.name[:4] for file in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith(f"# {file.name[:4]} ")
        assert re.search(r"^Status: (accepted|superseded by \d{4})$", text, re.MULTILINE), file.name
        assert all(f"\n## {part}\n" in text for part in ("Decided", "Why", "Consequence")), file.name


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == footfall.__version__


def test_pins_are_exact_and_hold_no_torch() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert not [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    names = {line.partition("==")[0].lower() for line in pins}
    assert "torch" not in names
    assert {"duckdb", "pyspark", "pytest", "ruff", "mkdocs-material", "pip", "hatchling"} <= names


def test_pictures_load_nothing_from_elsewhere() -> None:
    for picture in (ROOT / "docs" / "assets").glob("*.svg"):
        text = picture.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http" not in text, picture.name
        assert "<title" in text, picture.name
