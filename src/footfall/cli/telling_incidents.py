"""Incidents, as a person reads them."""

from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid

from footfall.cli.printing import escaped, number, out, sparkline

if TYPE_CHECKING:
    from footfall.settings import Settings

_MOST_SERIES, _MOST_ANOMALIES = 10, 30


def tell_detection(found: Any, settings: "Settings") -> None:
    """What a run of detection did."""
    if not found.hours:
        until = f" up to {found.until:%Y-%m-%d %H:%M} UTC" if found.until else ""
        out.print(f"nothing to do: all hours that are over{until} are judged", highlight=False)
        return
    out.print(
        f"{found.hours:,} hours of {found.series:,} series judged, up to {found.until:%Y-%m-%d %H:%M} UTC; "
        f"{found.anomalies:,} anomalies",
        highlight=False,
    )
    latest = {event["incident_id"]: event for event in found.events}
    if latest:
        tell_incidents(sorted(latest.values(), key=lambda row: row["opened_at"], reverse=True))
        out.print(f"More:  footfall incidents show ID --lake {settings.lake}", highlight=False, soft_wrap=True)
    else:
        out.print("no incident", highlight=False)
    if found.page:
        out.print(f"Report:  {found.page}", highlight=False, soft_wrap=True)


def tell_incidents(rows: list[dict[str, Any]]) -> None:
    """One line each."""
    if not rows:
        out.print("no incidents", highlight=False)
        return
    grid = Grid(title="Incidents")
    for name in ("id", "onset (UTC)", "change", "money"):
        grid.add_column(name, no_wrap=True)
    for name in ("what", "where"):
        grid.add_column(name, overflow="fold")
    for row in rows:
        others = f" and {row['series'] - 1:,} more" if row["series"] > 1 else ""
        where = row["cause"] or row["series_id"].split("/", 2)[2]
        grid.add_row(
            row["incident_id"],
            f"{row['onset']:%Y-%m-%d %H:%M}",
            "" if row["kind"] == "no_data" else _change(row["depth"]),
            "" if row["money"] is None else number(row["money"]),
            f"{_KINDS[row['kind']]}, {_status(row)}",
            escaped(f"{row['metric']}{others}: {where}" if row["kind"] != "no_data" else "the whole shop"),
        )
    out.print(grid)


def tell_incident(row: dict[str, Any], anomalies: list[dict[str, Any]]) -> None:
    """Everything that is known of one."""
    facts = Grid.grid(padding=(0, 2))
    lines = {
        "what": f"{_KINDS[row['kind']]} of {row['metric']} ({row['dimension']}: {row['member']})",
        "status": _status(row),
        "onset": f"{row['onset']:%Y-%m-%d %H:%M} UTC, found {row['opened_at']:%Y-%m-%d %H:%M}",
        "over": "" if row["closed_at"] is None else f"{row['closed_at']:%Y-%m-%d %H:%M} UTC",
        "size": "" if row["kind"] == "no_data" else _size(row),
        "money": "" if row["money"] is None else f"{row['money']:+,.2f}",
        "orders": "" if row["orders"] is None else f"{row['orders']:+,.1f}",
        "cause": "" if row["cause"] is None else f"{row['cause']} ({row['cause_share']:.0%} of the change)",
        "shows in": f"{row['series']:,} series, {row['anomalies']:,} anomalous hours of them",
        "verdict": row["verdict"] or "",
    }
    for name, text in lines.items():
        if text:
            facts.add_row(f"[bold]{name}[/]", escaped(text))
    out.print(f"[bold]{row['incident_id']}[/]", highlight=False)
    out.print(facts)
    if anomalies:
        _tell_anomalies(anomalies)


def _tell_anomalies(anomalies: list[dict[str, Any]]) -> None:
    grid = Grid("hour (UTC)", "series", "over", "value", "expected", "p", title="Anomalies")
    for one in anomalies[:_MOST_ANOMALIES]:
        grid.add_row(
            f"{one['ts']:%Y-%m-%d %H:%M}", escaped(one["series_id"].partition("/")[2]), f"{one['hours']} h",
            number(one["value"]), number(one["expected"]), f"{one['p_value']:.1g}",
        )  # fmt: skip
    out.print(grid)
    if len(anomalies) > _MOST_ANOMALIES:
        out.print(f"{_MOST_ANOMALIES} of {len(anomalies):,}; --json prints all")


def tell_replay(again: Any) -> None:
    """What would have been told."""
    told = again.summary()
    out.print(
        f"{len(again.incidents):,} incidents in {again.hours:,} hours of {again.series:,} series: "
        f"[bold]{told['alerts_per_week']:.1f}[/] a week",
        highlight=False,
    )
    if not again.incidents:
        return
    weeks = again.by_week
    out.print(f"by week from {next(iter(weeks))}: {sparkline(list(map(float, weeks.values())))}", highlight=False)
    grid = Grid("series", "incidents", title="By leading series")
    for name, count in list(again.by_series.items())[:_MOST_SERIES]:
        grid.add_row(escaped(name.partition("/")[2]), f"{count:,}")
    out.print(grid)
    tell_incidents(again.incidents)


_KINDS = {"drop": "drop", "spike": "spike", "level_shift": "new level", "no_data": "no data"}


def event_line(row: dict[str, Any]) -> str:
    """An incident in one line."""
    size = "" if row["kind"] == "no_data" else f" {_change(row['depth'])}"
    money = "" if row["money"] is None else f", {row['money']:+,.0f} in money"
    cause = f", {row['cause']}" if row["cause"] else ""
    where = row["series_id"].partition("/")[2]
    return escaped(f"{row['event']}: {_KINDS[row['kind']]}{size} in {where}{money}{cause} ({row['incident_id']})")


def _size(row: dict[str, Any]) -> str:
    told = f"{number(row['value'])} where {number(row['expected'])} were to be expected"
    return f"{told}; at worst {_change(row['depth'])}"


def _change(depth: float) -> str:
    """In per cent, or how many times as much."""
    return f"{depth:+.0%}" if depth < 2 else f"x{1 + depth:,.0f}"


def _status(row: dict[str, Any]) -> str:
    parts = [row["status"]]
    if row["acknowledged_at"] is not None:
        parts.append("acknowledged")
    if row["snoozed_until"] is not None and row["snoozed_until"] > row["updated_at"]:
        parts.append("snoozed")
    if row["verdict"]:
        parts.append(f"said to be {row['verdict']}")
    return ", ".join(parts)
