"""The report's plots as PNG files, drawn from the lake's tables."""

from pathlib import Path

from footfall.contracts import CUSTOMER_SEGMENTS, K_SELECTION, ROW_ACCOUNTS, SEGMENT_MIGRATION, SEGMENT_PROFILES
from footfall.lake import open_lake
from footfall.pipeline.models import load, no_segments, registry_of
from footfall.pipeline.query import query
from footfall.segments.report import ReportTables, figures, save_png
from footfall.settings import Settings


def pictures(settings: Settings, folder: Path) -> list[Path]:
    """Write every plot of the report as a PNG file.

    Args:
        settings: the lake.
        folder: where to; made if it is missing.

    Raises:
        UserError: the lake has no segments yet, or what draws is not installed.
    """
    lake = open_lake(settings.lake)
    serving = lake.first(CUSTOMER_SEGMENTS)
    if serving is None:
        raise no_segments(lake)
    features = query(lake, f"SELECT * FROM user_features WHERE as_of = '{serving['as_of']}' ORDER BY user_id")
    tables = ReportTables(
        load(lake, str(serving["model_version"]), registry_of(lake, settings)),
        features,
        lake.load(CUSTOMER_SEGMENTS),
        lake.load(SEGMENT_PROFILES),
        selection=lake.load(K_SELECTION),
        migration=lake.load(SEGMENT_MIGRATION),
        row_accounts=lake.load(ROW_ACCOUNTS),
    )
    return save_png(figures(tables), folder)
