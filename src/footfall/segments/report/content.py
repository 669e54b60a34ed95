"""What the report tells, read from the tables once: the page and the plots take it from here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import SourceUnreadable
from footfall.segments.clusters import Labels
from footfall.segments.measures import Measure
from footfall.segments.model import Part, SegmentModel
from footfall.segments.parts import BUYERS, TOP_SPENDERS, USERS, VISITORS
from footfall.segments.profiles import BASES, measures_by_part
from footfall.segments.report import colours
from footfall.segments.report.accounts import Accounts, accounts
from footfall.segments.report.cards import Card, card
from footfall.segments.report.moves import Moves, latest_moves
from footfall.segments.report.numbers import NumberOf, numbers_of
from footfall.segments.scoring import labels_of

TITLES = {TOP_SPENDERS: "Exceptional spenders", BUYERS: "Buyers", VISITORS: "Never bought", USERS: "All users"}


@dataclass(frozen=True)
class ReportTables:
    """What a report is made from.

    Attributes:
        model: the segmentation.
        features: `user_features` as of one date.
        assigned: what `assign` returned for these users.
        profiles: what `profile` returned for them.
        selection: how many segments there are, and why, as in the contract `k_selection`; may be empty.
        migration: who moved, as in the contract `segment_migration`; the latest dates are shown; may be empty.
        row_accounts: where the rows went, as in the contract of that name.
    """

    model: SegmentModel
    features: pa.Table
    assigned: pa.Table
    profiles: pa.Table
    selection: pa.Table
    migration: pa.Table
    row_accounts: pa.Table


@dataclass(frozen=True)
class PartView:
    """A part of the model, as the report shows it.

    Attributes:
        part: the model's.
        title: what its users are called.
        base: what all of them together are called.
        first: the place of its first segment in `model.segments`.
        measures: all features in its segments.
        cards: its segments.
    """

    part: Part
    title: str
    base: str
    first: int
    measures: list[Measure]
    cards: list[Card]

    @property
    def key(self) -> str:
        """Its name in code and in the names of plots."""
        return self.part.name

    @property
    def users(self) -> int:
        """How many users it has."""
        return sum(one.users for one in self.cards)

    @property
    def share(self) -> float:
        """Their share of all users."""
        return _sum(one.share for one in self.cards)

    @property
    def revenue_share(self) -> float | None:
        """Their share of the revenue; None where there is none to share."""
        shares = [one.revenue_share for one in self.cards if one.revenue_share is not None]
        return _sum(shares) if shares else None


def _sum(shares: Iterable[float]) -> float:
    """Sum without the rounding that turns 100% into more than 99.99%."""
    return round(sum(shares), 12)


@dataclass(frozen=True)
class Content:
    """All that the report shows.

    Attributes:
        model: the segmentation.
        features: the users.
        labels: their segments, as places in `model.segments`.
        parts: the model's parts.
        numbers: how many segments there are, and why, by part.
        moves: who moved from segment to segment; None if nothing is known.
        accounts: where the rows went.
    """

    model: SegmentModel
    features: pa.Table
    labels: Labels
    parts: list[PartView]
    numbers: list[NumberOf]
    moves: Moves | None
    accounts: Accounts

    @property
    def cards(self) -> list[Card]:
        """All segments, in the model's order."""
        return [one for view in self.parts for one in view.cards]

    def users_of(self, view: PartView) -> npt.NDArray[np.int64]:
        """The rows of a part's users."""
        return np.flatnonzero((self.labels >= view.first) & (self.labels < view.first + view.part.k))


def read(tables: ReportTables) -> Content:
    """Read all tables.

    Raises:
        SourceUnreadable: they do not belong together.
    """
    model, features = tables.model, tables.features
    labels = labels_of(model, features, tables.assigned)
    rows = {row["segment_id"]: row for row in tables.profiles.to_pylist()}
    missing = [segment.id for segment in model.segments if segment.id not in rows]
    if missing:
        raise SourceUnreadable(
            f"segment_profiles: nothing about segment {missing[0]} of model {model.version}; make the profiles again"
        )
    palette = colours.of_segments(segment.id for segment in model.segments)
    parts = [
        _part(part, first, measures, rows, palette)
        for part, first, measures in measures_by_part(model, features, labels)
    ]
    titles = {view.key: view.title for view in parts}
    return Content(
        model=model,
        features=features,
        labels=labels,
        parts=parts,
        numbers=numbers_of(model, tables.selection, TITLES | titles),
        moves=latest_moves(tables.migration, [segment.id for segment in model.segments]),
        accounts=accounts(tables.row_accounts),
    )


def _part(
    part: Part, first: int, measures: list[Measure], rows: dict[int, dict[str, Any]], palette: dict[int, str]
) -> PartView:
    base = BASES[part.name].en
    cards = [
        card(segment, place, rows[segment.id], measures, colour=palette[segment.id], base=base)
        for place, segment in enumerate(part.segments)
    ]
    return PartView(part, TITLES[part.name], base[0].upper() + base[1:], first, measures, cards)
