"""A fitted segmentation as one SQL statement, for a warehouse that has the features and no Python.

The statement is plain text, in the stages of `transform`, `projection` and `clusters`. Numbers are written `1.5e0`:
with an exponent they are doubles for DuckDB and Spark, and PostgreSQL's numeric loses no digit of them.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from footfall.errors import SettingInvalid
from footfall.segments.feature_table import KEYS
from footfall.segments.model import Part, SegmentModel
from footfall.segments.parts import Rule
from footfall.segments.transform import CUT_OFF, EDGE, Scale

Dialect = Literal["duckdb", "postgres", "spark"]

_TABLE = re.compile(r"[\w$-]+(\.[\w$-]+){0,2}")
_TERMS_A_LINE = 4
# PostgreSQL raises an error where a result is too small for a double and others let it be 0: what is this small beside
# the range of a feature, and an exponential this far down, are 0 before they are multiplied.
_VANISHING = 1e-30
_LEAST_EXPONENT = -700.0


@dataclass(frozen=True)
class _Writing:
    """What dialects write differently.

    Attributes:
        double: the type of a double.
        quote: what stands around a name.
        escape: what stands before a quote in a text; where that is a backslash, before a backslash too.
        stage: how a stage begins. PostgreSQL would merge them, and write an expression again wherever it is used:
            each feature in each component, these in each distance, and these in each comparison.
        advice: for whoever runs it.
    """

    double: str = "DOUBLE"
    quote: str = '"'
    escape: str = "'"
    stage: str = "AS"
    advice: str = ""

    def name(self, name: str) -> str:
        """Quote a name."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def text(self, text: str) -> str:
        """Quote a text."""
        inner = text.replace("\\", "\\\\") if self.escape == "\\" else text
        return "'" + inner.replace("'", f"{self.escape}'") + "'"


_WRITINGS = {
    "duckdb": _Writing(),
    "postgres": _Writing(double="DOUBLE PRECISION", stage="AS MATERIALIZED"),
    # Java compiles no method above 8,000 bytes, and Spark writes longer ones: 500,000 users took 12 s, and 2 s so.
    "spark": _Writing(
        quote="`", escape="\\", advice="Several times as fast after SET spark.sql.codegen.hugeMethodLimit = 8000."
    ),
}


def score_sql(model: SegmentModel, *, dialect: Dialect, table: str = "user_features") -> str:
    """Write what `assign` does as one SELECT.

    For every row of the table, in any order: user_id, segment_id, segment_name, proba, distance, model_version, as_of.
    The numbers are those of `assign` but for rounding, so two centres that are equally near may change places.

    Args:
        model: a fitted segmentation.
        dialect: `duckdb`, `postgres` or `spark`.
        table: where the features are, if need be with its schema (`analytics.user_features`), in the case in which the
            warehouse stores the names (PostgreSQL: lower case).

    Raises:
        SettingInvalid: the dialect is unknown, or `table` is no name.
    """
    if dialect not in _WRITINGS:
        raise SettingInvalid(f'dialect "{dialect}" is unknown; use {", ".join(get_args(Dialect))}')
    if not _TABLE.fullmatch(table):
        raise SettingInvalid(
            f'table "{table}" is no table\'s name; use letters, digits, _, $ and -, such as analytics.user_features'
        )
    writing = _WRITINGS[dialect]
    source = ".".join(map(writing.name, table.split(".")))
    stages = ",\n".join(_stages(model, writing, source))
    return f"{_heading(model, dialect, table, writing.advice)}WITH {stages}\n{_answer(model, writing)}\n"


def _heading(model: SegmentModel, dialect: str, table: str, advice: str) -> str:
    lines = (
        f"Footfall: {model.k} segments, model {model.version}, of {model.users:,} users as of {model.fitted_as_of}.",
        f"Reads {table}: user_id, as_of and {len(model.features)} features, named in the first stage.",
        f"Gives one row for each of its rows; join them on user_id and as_of. Written for {dialect}.",
        "A number such as 1.5e0 is a double.",
        advice,
    )
    return "".join(f"-- {_in_one_line(line)}\n" for line in lines if line)


def _stages(model: SegmentModel, writing: _Writing, source: str) -> Iterator[str]:
    about = "Null where a feature is no finite number; NaN is above all numbers."
    yield _stage("known", about, _known(model.features, writing), source, "", writing)
    rules: list[Rule | None] = []
    for part in model.parts:
        rules.append(part.rule)
        yield from _stages_of(part, _whom(rules, writing), writing)


def _stages_of(part: Part, whom: str, writing: _Writing) -> Iterator[str]:
    """From the features of a part's users to their segments."""
    steps = (
        ("capped", f"{part.name}: nulls filled, values capped.", _capped(part, writing)),
        ("scaled", "Bent, scaled and cut off, less the mean.", _scaled(part, writing)),
        ("components", "Principal components.", _components(part, writing)),
        ("squares", "Squared distances to the centres.", _squares(part, writing)),
        ("nearest", "The least of them.", _nearest(part)),
        ("scored", "Whose it is.", _scored(part)),
    )
    source, where = "known", whom
    for step, about, columns in steps:
        name = f"{part.name}_{step}"
        yield _stage(name, about, columns, writing.name(source), where, writing)
        source, where = name, ""


def _known(features: Sequence[str], writing: _Writing) -> list[str]:
    largest = _number(sys.float_info.max)
    doubles = {name: f"CAST({name} AS {writing.double})" for name in map(writing.name, features)}
    return [
        f"CASE WHEN {double} BETWEEN -{largest} AND {largest} THEN {double} END AS {name}"
        for name, double in doubles.items()
    ]


def _whom(rules: Sequence[Rule | None], writing: _Writing) -> str:
    """Who meets the last of these rules and none before; no rule is met by all, and none by null."""
    *before, ours = [f"({writing.name(one.feature)} > {_number(one.above)}) IS" if one else "" for one in rules]
    terms = [f"{rule} NOT TRUE" for rule in before if rule] + [f"{ours} TRUE"] * bool(ours)
    return " AND ".join(terms)


def _capped(part: Part, writing: _Writing) -> list[str]:
    return [f"{_capped_value(scale, name)} AS {name}" for scale, name in _named(part, writing)]


def _capped_value(scale: Scale, name: str) -> str:
    low, high = scale.low, scale.high
    if scale.shape == "logit":
        low, high = (min(max(cap, EDGE), 1 - EDGE) for cap in (low, high))
    return f"LEAST({_number(high)}, GREATEST({_number(low)}, COALESCE({name}, {_number(scale.fill)})))"


def _scaled(part: Part, writing: _Writing) -> list[str]:
    return [
        f"GREATEST({_number(-CUT_OFF)}, LEAST({_number(CUT_OFF)}, "
        f"({_bent(scale, name)} {_plus(-scale.centre)}) / {_number(scale.spread)})) {_plus(-mean)} AS {name}"
        for (scale, name), mean in zip(_named(part, writing), part.projection.mean, strict=True)
    ]


def _bent(scale: Scale, name: str) -> str:
    match scale.shape:
        case "log":
            return f"LN(1 + {name})" if scale.low >= 0 else f"SIGN({name}) * LN(1 + ABS({name}))"
        case "logit":
            return f"LN({name} / (1 - {name}))"
        case "linear":
            return f"CASE WHEN ABS({name}) < {_number(_VANISHING * scale.spread)} THEN 0 ELSE {name} END"


def _components(part: Part, writing: _Writing) -> list[str]:
    names = [name for _, name in _named(part, writing)]
    return [
        f"{_sum(f'{_plus(weight)} * {name}' for weight, name in zip(weights, names, strict=True))} AS c{place}"
        for place, weights in enumerate(part.projection.loadings, 1)
    ]


def _squares(part: Part, writing: _Writing) -> list[str]:
    nowhere = f"CAST(0 AS {writing.double})"
    return [
        (_sum(f"+ POWER(c{n} {_plus(-place)}, 2)" for n, place in enumerate(one.centre, 1)) or nowhere) + f" AS d{at}"
        for at, one in enumerate(part.segments, 1)
    ]


def _nearest(part: Part) -> list[str]:
    squares = [f"d{place}" for place in range(1, part.k + 1)]
    # Spark's LEAST wants two.
    return [*squares, f"LEAST({', '.join(squares)}) AS nearest" if part.k > 1 else "d1 AS nearest"]


def _scored(part: Part) -> list[str]:
    cases = " ".join(f"WHEN d{place} = nearest THEN {one.id}" for place, one in enumerate(part.segments, 1))
    softness, least = _number(part.softness), _number(_LEAST_EXPONENT)
    chances = _sum(f"+ EXP(GREATEST((nearest - d{n}) / {softness}, {least}))" for n in range(1, part.k + 1))
    return [f"CASE {cases} END AS segment_id", f"1 / ({chances}) AS proba", "SQRT(nearest) AS distance"]


def _answer(model: SegmentModel, writing: _Writing) -> str:
    names = "\n".join(f"    WHEN {one.id} THEN {writing.text(one.name.text())}" for one in model.segments)
    parts = "\n  UNION ALL\n".join(f"  SELECT * FROM {writing.name(f'{one.name}_scored')}" for one in model.parts)
    return f"""SELECT
  user_id,
  segment_id,
  CASE segment_id
{names}
  END AS segment_name,
  proba,
  distance,
  {writing.text(model.version)} AS model_version,
  as_of
FROM (
{parts}
) AS scored"""


def _stage(name: str, about: str, columns: Sequence[str], source: str, where: str, writing: _Writing) -> str:
    listed = ",\n".join(f"    {column}" for column in (*KEYS, *columns))
    return "\n".join(
        [
            f"{writing.name(name)} {writing.stage} (  -- {_in_one_line(about)}",
            "  SELECT",
            listed,
            f"  FROM {source}",
            *([f"  WHERE {where}"] if where else []),
            ")",
        ]
    )


def _named(part: Part, writing: _Writing) -> list[tuple[Scale, str]]:
    return [(scale, writing.name(scale.feature)) for scale in part.scales]


def _number(value: float) -> str:
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def _plus(value: float) -> str:
    """Add a number, or take it off: `+ 1.5e0`, `- 1.5e0`."""
    shown = 0.0 if abs(value) < _VANISHING else value
    return f"{'-' if shown < 0 else '+'} {_number(abs(shown))}"


def _sum(terms: Iterable[str]) -> str:
    terms = list(terms)
    lines = [" ".join(terms[at : at + _TERMS_A_LINE]) for at in range(0, len(terms), _TERMS_A_LINE)]
    return "\n      ".join(lines).removeprefix("+ ")


def _in_one_line(text: str) -> str:
    """What a comment can hold."""
    return " ".join(text.split())
