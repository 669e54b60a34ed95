"""MkDocs calls this: pages about code are written from the code, and the site loads nothing from elsewhere."""

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

from reference import fill

_LOADED_FROM_ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'> ]+"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload|icon)\b[^>]*\bhref=["']?(?:https?:)?//[^"'> ]+"""
)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put what the code says in the place of the page's markers."""
    return fill(markdown)


def on_post_build(config: Any, **_: Any) -> None:
    """Refuse a site that loads scripts, styles, fonts or pictures from another server."""
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        if found := _LOADED_FROM_ELSEWHERE.search(page.read_text(encoding="utf-8")):
            raise PluginError(f"{page}: loads {found.group()} from elsewhere")
