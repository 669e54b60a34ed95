"""What to expect, in a sentence or two."""

from collections.abc import Sequence
from dataclasses import dataclass

from footfall.forecast.choice import CHOSEN
from footfall.forecast.models import BENCHMARKS
from footfall.forecast.report.content import Content, SeriesView
from footfall.forecast.report.wording import about, alike, bucket_name, buckets, model_name, moment, percent, signed


@dataclass(frozen=True)
class Headline:
    """The page in short.

    Args:
        expectation: what is to come.
        typical: a bucket in the middle, with its range.
        record: how far such sums were off.
        trust: which model is trusted, or that none is.
        is_trusted: whether one is.
        numbers: what and how much, for those who read no sentence.
    """

    expectation: str
    typical: str
    record: str
    trust: str
    is_trusted: bool
    numbers: Sequence[tuple[str, str]]


def headline(content: Content, trusted: str | None) -> Headline:
    """Of the total, or of the largest series."""
    if not content.series:
        return Headline("No series was forecast.", "", "", _trust(trusted), trusted is not None, [])
    first = content.series[0]
    return Headline(
        expectation=_expectation(first, content),
        typical=_typical(first, content),
        record=_record(first),
        trust=_trust(trusted),
        is_trusted=trusted is not None,
        numbers=_numbers(first, content, trusted),
    )


def _expectation(series: SeriesView, content: Content) -> str:
    if series.expected is None:
        return "Nothing to come was forecast: this page tells how good forecasts of the past were."
    return (
        f"{series.name}: about {about(series.expected)} {content.unit} are expected in the {_span(series, content)}"
        f"{_beside(series, content)}."
    )


def _span(series: SeriesView, content: Content) -> str:
    first, last = (moment(series.ahead["at"].iloc[place], content.freq) for place in (0, -1))
    return f"{buckets(len(series.ahead), content.freq)} from {first} to {last}"


def _beside(series: SeriesView, content: Content) -> str:
    if series.change is None:
        return ""
    return f", {signed(series.change)} against the {buckets(len(series.ahead), content.freq)} before"


def _typical(series: SeriesView, content: Content) -> str:
    """A real bucket with its own range: ranges of buckets do not add up to a range of their sum."""
    bucket = series.typical
    if not series.is_coming or bucket is None:
        return ""
    low, middle, high = alike(bucket.q100, bucket.q500, bucket.q900)
    return (
        f"A typical {bucket_name(content.freq)} is {moment(bucket['at'], content.freq)}: {middle} "
        f"{content.unit}, with a chance of 80% between {low} and {high}."
    )


def _record(series: SeriesView) -> str:
    if len(series.misses) < 2:
        return ""
    far = series.misses.abs()
    return (
        f"The last {len(far)} forecasts of such a sum were off by {percent(far.median())} at the middle and by "
        f"{percent(far.max())} at worst."
    )


def _trust(trusted: str | None) -> str:
    against = " and ".join(model_name(name) for name in BENCHMARKS)
    if trusted is None:
        return f"No model is better than the benchmarks ({against}) by more than chance: take this as a rough guide."
    who = "The chosen forecast" if trusted == CHOSEN else f"The model {model_name(trusted)}"
    return f"{who} is to be trusted: it was better than the benchmarks ({against}) by more than chance."


def _numbers(series: SeriesView, content: Content, trusted: str | None) -> list[tuple[str, str]]:
    found, per = list[tuple[str, str]](), bucket_name(content.freq)
    if series.expected is not None:
        found.append((f"Expected, {content.unit}", about(series.expected)))
    if series.change is not None:
        found.append((f"Against the {buckets(len(series.ahead), content.freq)} before", signed(series.change)))
    if series.is_coming and (bucket := series.typical) is not None:
        found.append((f"A typical {per}, 80% range", " to ".join(alike(bucket.q100, bucket.q900))))
    return [*found, ("Trusted model", model_name(trusted) if trusted else "none")]
