"""What all HTML pages share: their colours, their style, the look of their plots."""

from footfall.pages.template import template

__all__ = ["template"]
