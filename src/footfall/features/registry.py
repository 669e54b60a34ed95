"""Features, each defined once: its expression, its unit and its definition; contract and docs follow from them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import pyarrow as pa

Needs = Literal["months", "visits", "orders", "categories", "brands", "hours", "lines"]
RELATIONS: tuple[Needs, ...] = get_args(Needs)


@dataclass(frozen=True)
class Context:
    """What a feature may use besides the user's own rows.

    Args:
        as_of: the moment before which all rows lie, UTC.
        priors: shares over all users, towards which the shares of users with few events are shrunk.
    """

    as_of: datetime
    priors: dict[str, float]

    def days_since(self, time: ir.TimestampValue) -> ir.FloatingValue:
        """Days from a moment to `as_of`."""
        # Whole numbers only: Spark takes 86400.0 for a decimal, and divides to six digits.
        now = ibis.literal(self.as_of)
        return (now.epoch_seconds() - time.epoch_seconds()) / 86400


Expression = Callable[[ir.Table, Context], ir.Value]


@dataclass(frozen=True)
class Feature:
    """A column of `user_features`.

    `needs` names the relation whose rows of a user are aggregated. A count of nothing is 0, any other feature of
    nothing is null.
    """

    name: str
    group: str
    unit: str
    needs: Needs
    is_count: bool
    definition: str
    expression: Expression

    @property
    def type(self) -> pa.DataType:
        """Counts of things are integers, everything else is real."""
        return pa.int64() if self.is_count else pa.float64()


FEATURES: dict[str, Feature] = {}


def feature(*, needs: Needs, unit: str, is_count: bool = False) -> Callable[[Expression], Expression]:
    """Register a function as a feature: its name is the column's, its docstring the definition."""

    def register(expression: Expression) -> Expression:
        name = expression.__name__
        group = inspect.getmodule(expression).__name__.rpartition(".")[2]  # type: ignore[union-attr]
        definition = " ".join((expression.__doc__ or "").split())
        FEATURES[name] = Feature(name, group, unit, needs, is_count, definition, expression)
        return expression

    return register
