"""Where the rows of the files went."""

from footfall.serve.views.published import Published, Row
from footfall.serve.views.view import reads

SAMPLES = 5
"""Quarantined rows that are shown of each reason."""


@reads("raw_files", "row_accounts")
def files(published: Published) -> list[Row]:
    """Every file with its rows: read, kept, duplicate, quarantined; the latest first."""
    return published.rows(
        """
        WITH latest AS (
            SELECT * FROM raw_files QUALIFY row_number() OVER (PARTITION BY path ORDER BY ingested_at DESC) = 1
        ), sums AS (
            SELECT source_file, sum(rows)::BIGINT AS rows,
                coalesce(sum(rows) FILTER (outcome = 'kept'), 0)::BIGINT AS kept,
                coalesce(sum(rows) FILTER (outcome = 'duplicate'), 0)::BIGINT AS duplicate
            FROM row_accounts GROUP BY source_file
        )
        SELECT path, source, bytes, ingested_at, coalesce(sums.rows, latest.rows) AS rows, kept, duplicate,
            sums.rows - kept - duplicate AS quarantined
        FROM latest LEFT JOIN sums ON source_file = path ORDER BY ingested_at DESC, path
        """
    )


@reads("row_accounts")
def outcomes(published: Published) -> list[Row]:
    """How many rows ended where, over all files; the most first."""
    return published.rows(
        "SELECT outcome, sum(rows)::BIGINT AS rows FROM row_accounts GROUP BY outcome ORDER BY rows DESC, outcome"
    )


@reads("quarantine")
def quarantine_samples(published: Published, reason: str) -> list[Row]:
    """Some rows that were rejected for a reason: file, line, and the row with its ids masked."""
    return published.rows(
        "SELECT source_file, line, raw FROM quarantine WHERE reason = $reason ORDER BY source_file, line LIMIT $most",
        {"reason": reason, "most": SAMPLES},
    )
