"""What an input looks like: presets and mapping files, and the reader that follows them."""

from footfall.sources.mapping import Source, load_mapping
from footfall.sources.presets import PRESETS, preset, recognise
from footfall.sources.reader import RowReader, read_header

__all__ = ["PRESETS", "RowReader", "Source", "load_mapping", "preset", "read_header", "recognise"]
