"""Segments: how large they are, what sets them apart, who moved, a sample of their users, and all users of one."""

import pyarrow as pa

from footfall.errors import UserError
from footfall.serve.views.published import Published, Row
from footfall.serve.views.view import reads

LEAST_EXPORTED = 20
"""A list of fewer users says too much about each of them."""


class SegmentTooSmall(UserError):
    """A segment has too few users for a list of them to leave the engine."""


@reads("segment_profiles")
def segments(published: Published) -> list[Row]:
    """Every segment with its size, shares, advice and the evidence for it; by part, the largest first."""
    return published.rows(
        """
        SELECT DISTINCT segment_id, segment_name, segment_name_fr, part, users, share, revenue_share, recommendation,
            recommendation_fr, reason, reason_fr, evidence, evidence_fr, basis, model_version, as_of
        FROM segment_profiles ORDER BY part, users DESC, segment_id
        """
    )


@reads("segment_profiles")
def profile(published: Published, segment_id: int) -> list[Row]:
    """Features of a segment beside those of its part, the strongest effect first."""
    return published.rows(
        "SELECT feature, mean, median, base_mean, base_median, effect_size FROM segment_profiles "
        "WHERE segment_id = $segment ORDER BY abs(effect_size) DESC NULLS LAST, feature",
        {"segment": segment_id},
    )


@reads("segment_migration")
def migration(published: Published) -> pa.Table:
    """Who moved, with the columns of the contract."""
    return published.ask("SELECT * FROM segment_migration")


@reads("customer_segments", "user_features")
def sample(published: Published, segment_ids: tuple[int, ...], users: int) -> pa.Table:
    """Features of some users of these segments, and their `segment_id`.

    Pseudonyms are random numbers: those of the least ones are a random sample, and the same in every version.
    """
    return published.ask(
        """
        WITH chosen AS (
            SELECT user_id, segment_id, as_of FROM customer_segments
            WHERE list_contains($segments, segment_id) ORDER BY user_id LIMIT $users
        )
        SELECT f.* EXCLUDE (user_id, as_of), c.segment_id FROM chosen AS c
        JOIN user_features AS f ON f.user_id = c.user_id AND f.as_of = c.as_of
        """,
        {"segments": list(segment_ids), "users": users},
    )


@reads("customer_segments")
def export(published: Published, segment_id: int) -> pa.Table:
    """All users of a segment: `user_id`, `proba`, `distance`, the surest first.

    Raises:
        SegmentTooSmall: it has fewer than 20.
    """
    found = published.ask(
        "SELECT user_id, proba, distance FROM customer_segments WHERE segment_id = $segment "
        "ORDER BY proba DESC, user_id",
        {"segment": segment_id},
    )
    if found.num_rows < LEAST_EXPORTED:
        raise SegmentTooSmall(
            f"segment {segment_id} has {found.num_rows} users, and a list of fewer than {LEAST_EXPORTED} says too much "
            "about each of them; export a larger one"
        )
    return found
