"""What a person reads, and what a script reads."""

import json
import sys
from math import isnan
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid

if TYPE_CHECKING:
    from footfall.settings import Settings

out = Console()
err = Console(stderr=True)


def escaped(text: str) -> str:
    """Text that may hold brackets, which mark up what is printed."""
    return text.replace("[", r"\[")


def tell_error(error: Exception) -> None:
    """One clear line."""
    tell_error_text(str(error))


def tell_error_text(text: str) -> None:
    """The same where the error is long over and only its words are left."""
    err.print(f"[bold red]error:[/] {escaped(text)}", soft_wrap=True)


def tell_run(result: Any, settings: "Settings", *, as_json: bool) -> None:
    """What a run did."""
    from footfall.pipeline.summary import summary  # noqa: PLC0415

    found = summary(settings.lake, result)
    if as_json:
        print_json(found)
        return
    if result.nothing_to_do:
        out.print(
            f"nothing to do: {', '.join(result.cleaning.unchanged)} and all that follows are up to date", soft_wrap=True
        )
        return
    for name, twin in result.cleaning.twins.items():
        out.print(f"{name} holds the same bytes as {twin}, which is in the lake: skipped")
    for name in result.cleaning.replaced:
        out.print(f"{name} is a new version: its rows replace those of the version before")
    if result.cleaning.cleaned:
        out.print(accounts_grid(found["accounts"]))
    if result.features is not None:
        out.print(
            f"[bold]{found['users']:,}[/] users, [bold]{found['events']:,}[/] events, "
            f"purchases net of refunds [bold]{found['amount']:,.2f}[/], "
            f"as of {result.features.as_of:%Y-%m-%d %H:%M} UTC",
            highlight=False,
            soft_wrap=True,
        )
        tell_segments(settings, result.segments)


def tell_segments(settings: "Settings", result: Any) -> None:
    """The segments, and where to look next."""
    from footfall.pipeline.summary import REPORT, segment_rows, why_so_many  # noqa: PLC0415

    if result.challenger:
        out.print(
            f"{result.challenger} waits as challenger, and {result.version} goes on scoring the users: "
            f"footfall segment promote --lake {settings.lake}",
            soft_wrap=True,
            highlight=False,
        )
    for note in result.notes:
        err.print(f"[yellow]note:[/] {escaped(note)}", soft_wrap=True, highlight=False)
    grid = Grid("id", "segment", "users", "share of users", "share of revenue", title="Segments")
    for row in segment_rows(settings.lake):
        grid.add_row(
            str(row["segment_id"]),
            escaped(row["segment_name"]),
            f"{row['users']:,}",
            _share(row["share"]),
            _share(row["revenue_share"]),
        )
    out.print(grid)
    if reasons := why_so_many(settings.lake):
        out.print("Why so many (table k_selection):", highlight=False)
    for reason in reasons:
        out.print(f"  {escaped(reason)}.", soft_wrap=True, highlight=False)
    out.print(
        f"What to do with each, and why, is in the report.\n\nReport:  {settings.lake / REPORT}",
        soft_wrap=True,
        highlight=False,
    )
    out.print(f"Tables:  footfall status --lake {settings.lake}", soft_wrap=True, highlight=False)
    out.print(
        f'Ask:     footfall sql "SELECT * FROM customer_segments LIMIT 5" --lake {settings.lake}',
        soft_wrap=True, highlight=False,
    )  # fmt: skip


_BLOCKS = "▁▂▃▄▅▆▇█"
_MOST_WEEKS = 52


def tell_series(rows: list[dict[str, Any]], result: Any, settings: "Settings", metric: str) -> None:
    """A metric by week, and what is known of the days."""
    days = sum(result.days.values())
    if result.rows is not None:
        known = ", ".join(f"{count:,} {status}" for status, count in result.days.items())
        out.print(f"{result.rows:,} rows of series; {days:,} days: {known}", highlight=False)
    grid = Grid("member", "in all", "by week, up to the last whole one", title=metric)
    for row in rows:
        whole = [week["value"] for week in row["weeks"] if week["is_whole"]]
        grid.add_row(escaped(row["member"]), number(row["total"]), sparkline(whole[-_MOST_WEEKS:]))
    out.print(grid)
    out.print(
        f"All of it:  footfall sql \"SELECT * FROM metric_series WHERE metric = '{metric}'\" --lake {settings.lake}",
        soft_wrap=True, highlight=False,
    )  # fmt: skip


def tell_oddities(found: Any) -> None:
    """What was odd about series and models."""
    for name, note in found.notes.items():
        err.print(f"[yellow]note:[/] {escaped(name)} {escaped(note)}", soft_wrap=True, highlight=False)
    for name, why in found.left_out.items():
        err.print(f"[yellow]left out:[/] {escaped(name)} {escaped(why)}", soft_wrap=True, highlight=False)
    for model, series in found.failed.items():
        where = ", ".join(f"{count:,} buckets of {name}" for name, count in series.items())
        err.print(f"[yellow]failed:[/] {model} gave no forecast for {escaped(where)}", soft_wrap=True, highlight=False)


def tell_backtest(found: Any) -> None:
    """The leaderboard, what was odd, and the answer."""
    tell_oddities(found)
    told = found.summary()
    title = f"{told['series']:,} series, {len(told['origins'])} origins, the last {told['origins'][-1][:10]}"
    grid = Grid(
        "model", "MASE", "WAPE", "quantile loss", "80%", "95%", "against seasonal_naive", "against mean", title=title
    )
    for row in found.leaderboard():
        skills = [_skill(row[benchmark]) for benchmark in ("seasonal_naive", "mean")]
        measures = (
            ("mase", ".3f"),
            ("wape", ".1%"),
            ("quantile_loss", ".3f"),
            ("coverage_80", ".0%"),
            ("coverage_95", ".0%"),
        )
        told_row = ["" if row[name] is None else format(row[name], style) for name, style in measures]
        grid.add_row(row["model"], *told_row, *skills)
    out.print(grid)
    out.print(
        "Against: how much smaller the error is, with its 95% interval over origins, and the p-value of equal accuracy."
    )
    best = found.trusted
    out.print(
        f"Trust [bold]{best}[/]: it beats both by more than chance."
        if best
        else "No model beats both the last season and the mean by more than chance: take the better of these two.",
        highlight=False,
    )


def tell_forecast(found: Any) -> None:
    """What each series is expected to be, beside what it was."""
    if found.comparison is not None:
        tell_oddities(found.comparison)
    ahead, before = found.ahead, found.before
    steps, origin = ahead.ts.nunique(), ahead.origin.max()
    grid = Grid(
        "series", f"next {steps}", "each, 80% of the time", f"last {steps}", "last, then next",
        title=f"from {ahead.ts.min():%Y-%m-%d %H:%M} to {ahead.ts.max():%Y-%m-%d %H:%M}",
    )  # fmt: skip
    sums = ahead.groupby("series_id")["mean"].sum().sort_values(ascending=False)
    for name in sums.index:
        coming, past = ahead[ahead.series_id == name], before[before.series_id == name]
        values = [None if isnan(value) else value for value in (*past.value, *coming["mean"])]
        grid.add_row(
            escaped(name.rsplit("/", 1)[-1]),
            number(sums[name]),
            f"{number(coming.q100.mean())} to {number(coming.q900.mean())}",
            number(past.value.sum()),
            sparkline(values),
        )
    out.print(grid)
    if found.report is not None:
        out.print(f"Report:  {found.report}", highlight=False, soft_wrap=True)
    if found.comparison is None:
        out.print(f"Nothing changed since it was made: known up to {origin:%Y-%m-%d %H:%M}.", highlight=False)
        return
    best = found.comparison.trusted
    out.print(
        f"By what was best at each origin; [bold]{best}[/] beats repeating a season by more than chance."
        if best
        else "No model beats both the last season and the mean by more than chance: plan with care.",
        highlight=False,
    )


def _skill(one: Any) -> str:
    return f"{one.skill:+.1%} [{one.low:+.1%}, {one.high:+.1%}] p {one.p_value:.2g}".replace("[", r"\[") if one else ""


def number(value: float | None) -> str:
    """Short: three digits, or whole thousands."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def sparkline(values: list[float | None]) -> str:
    """Heights from zero; a week without a value is a gap."""
    top = max((value for value in values if value is not None), default=0.0) or 1.0
    return "".join(" " if value is None else _BLOCKS[round(value / top * (len(_BLOCKS) - 1))] for value in values)


def _share(value: float | None) -> str:
    """A share in per cent, and as a bar."""
    return "" if value is None else f"{value:6.1%} {'█' * round(20 * max(0.0, value))}"


def accounts_grid(accounts: dict[str, int]) -> Grid:
    """Where the rows went."""
    read = sum(accounts.values())
    grid = Grid("outcome", "rows", "share", title=f"Where {read:,} rows went")
    for outcome, rows in accounts.items():
        grid.add_row(outcome, f"{rows:,}", f"{rows / read:.3%}" if read else "")
    return grid


def print_json(value: object) -> None:
    """For scripts."""
    json.dump(value, sys.stdout, default=str, indent=2)
    sys.stdout.write("\n")


def print_json_line(value: object) -> None:
    """One line of many, for scripts that read while the command goes on."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()


def progress_bars() -> Any:
    """Progress of a command, drawn where errors go."""
    from footfall.progress_bars import drawn  # noqa: PLC0415

    return drawn(err)
