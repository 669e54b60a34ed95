"""Forecasts: what is to come, how good forecasts were, by member, and what the shop knows of its days."""

from datetime import date, datetime, time, timedelta
from html import escape

import plotly.graph_objects as go
import streamlit as st

from footfall.contracts import CLOSED, QUANTILES
from footfall.forecast.quantiles import INTERVALS, MEDIAN
from footfall.forecast.report import colours
from footfall.pages.plots import Key
from footfall.pipeline.series import shop_calendar
from footfall.publish.language import Text
from footfall.publish.names import member_of
from footfall.publish.wording import DIMENSIONS, METRICS
from footfall.serve.dashboard.address import recall, remember
from footfall.serve.dashboard.elements import Column, card, chart, note, table, told
from footfall.serve.dashboard.plotting import line, new_figure, time_axis, value_axis, when
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.forecasts import fan, history, leaderboard, members, targets
from footfall.serve.views.published import NotPublished, Row

TITLE = Text("Forecasts", "Prévisions")
NOTE = Text(
    "What is to come, with ranges to plan on. The period says how much of the past is shown before it.",
    "Ce qui vient, avec des intervalles pour planifier. La période fixe la part du passé affichée avant.",
)
_METRIC, _SERIES, _MODEL = (
    Text("Metric", "Indicateur"),
    Text("Part of the shop", "Partie de la boutique"),
    Text("Model", "Modèle"),
)
_GRAINS = {"day": Text("by day", "par jour"), "hour": Text("by hour", "par heure")}
_SHOP = Text("Whole shop", "Toute la boutique")
_FAN_NOTE = Text(
    "From {origin} on; what is past is shown from {first} to {last}.",
    "À partir du {origin}\u00a0; le passé est affiché du {first} au {last}.",
)
_FAN_NOTE_DAY = Text(
    "From {origin} on; what is past is shown of {first}.",
    "À partir du {origin}\u00a0; le passé est affiché pour le {first}.",
)
_WAS, _MIDDLE = Text("what was", "réalisé"), Text("forecast (median)", "prévision (médiane)")
_RANGES = {80: Text("80% range", "intervalle à 80\u202f%"), 95: Text("95% range", "intervalle à 95\u202f%")}
_POINT = Text(
    "{when}: {median}<br>80%: {low} to {high}<br>95%: {lowest} to {highest}",
    "{when}\u00a0: {median}<br>80\u202f%\u00a0: {low} à {high}<br>95\u202f%\u00a0: {lowest} à {highest}",
)
_FAN_ALT = Text(
    "{title}: the median lies between {low} and {high} until {last}.",
    "{title}\u00a0: la médiane se situe entre {low} et {high} jusqu'au {last}.",
)
_NO_RANGE = Text(
    "This model gave no forecast of this series.", "Ce modèle n'a pas donné de prévision pour cette série."
)
_LEADERS = Text("Leaderboard of the models", "Classement des modèles")
_LEADERS_NOTE = Text(
    "Backtests from {origins} earlier origins over all series, closed buckets left out; the period does not apply. "
    "WAPE and quantile loss are shares of what happened: less is better. Skill is against the seasonal naive "
    "forecast.",
    "Tests rétrospectifs depuis {origins} origines passées sur toutes les séries, hors fermetures\u00a0; la "
    "période ne "
    "s'applique pas. WAPE et perte quantile sont des parts du réalisé\u00a0: moins, c'est mieux. Le gain est "
    "mesuré par "
    "rapport à la prévision naïve saisonnière.",
)
_NO_BACKTEST = Text("There are no backtests of this metric.", "Aucun test rétrospectif pour cet indicateur.")
_LEADER_COLUMNS = {
    "wape": Text("WAPE", "WAPE"),
    "quantile_loss": Text("Quantile loss", "Perte quantile"),
    "inside_80": Text("Inside 80%", "Dans les 80\u202f%"),
    "inside_95": Text("Inside 95%", "Dans les 95\u202f%"),
    "skill": Text("Skill", "Gain"),
}
_BIAS, _BUCKETS = Text("Bias", "Biais"), Text("Forecasts", "Prévisions")
_MEMBERS = Text("By member", "Par membre")
_MEMBERS_NOTE = Text(
    "The expected sum until {last}. Members sum to their parent.",
    "La somme attendue jusqu'au {last}. Les membres s'additionnent à leur parent.",
)
_DIMENSION, _MEMBER, _EXPECTED = Text("Of which", "Selon"), Text("Member", "Membre"), Text("Expected", "Attendu")
_CALENDAR = Text("Sales, closed days and holidays", "Soldes, fermetures et jours fériés")
_CALENDAR_NOTE = Text("From {first} to {last}, as the calendar says.", "Du {first} au {last}, selon le calendrier.")
_NO_CALENDAR = Text(
    "The calendar names none. Put sales and closed days into sales.toml, beside footfall.toml, and start the "
    "dashboard anew.",
    "Le calendrier n'en indique aucun. Inscrivez soldes et fermetures dans sales.toml, à côté de footfall.toml, "
    "puis relancez le tableau de bord.",
)
_KINDS = {
    "sale": Text("sale", "soldes"),
    "closed": Text("closed", "fermé"),
    "holiday": Text("public holiday", "jour férié"),
}
_KIND, _NAME, _FROM, _TO = Text("Kind", "Type"), Text("Name", "Nom"), Text("From", "Du"), Text("To", "Au")
_COLOURS = {"sale": colours.SALE, "closed": colours.CLOSED, "holiday": colours.HOLIDAY}
_MODELS = {
    "chosen": Text("chosen forecast", "prévision retenue"),
    "median": Text("median of the models", "médiane des modèles"),
    "mean": Text("mean", "moyenne"),
    "seasonal_mean": Text("seasonal mean", "moyenne saisonnière"),
    "seasonal_naive": Text("seasonal naive", "naïve saisonnière"),
    "smoothing": Text("smoothing", "lissage"),
    "xgboost": Text("XGBoost", "XGBoost"),
    "ets": Text("ETS", "ETS"),
    "mstl": Text("MSTL", "MSTL"),
    "arima": Text("ARIMA", "ARIMA"),
    "prophet": Text("Prophet", "Prophet"),
    "lstm": Text("LSTM", "LSTM"),
    "nbeats": Text("N-BEATS", "N-BEATS"),
    "tft": Text("TFT", "TFT"),
}


def show(visit: Visit) -> None:
    """The page."""
    # Forecasts are made of series: where both are missing, that is the command to begin with.
    visit.published.need("metric_series")
    found = visit.ask(targets)
    target = _choose_target(visit, found)
    metric, grain = target["metric"], target["grain"]
    series = visit.ask(members, metric, grain)
    with card("fan"), told(visit):
        _fan(visit, target, series)
    with card("leaders", visit.say(_LEADERS)), told(visit):
        _leaders(visit, metric, grain)
    left, right = st.columns(2)
    with left, card("members", visit.say(_MEMBERS), visit.say(_MEMBERS_NOTE, last=visit.day(series[0]["last"]))):
        _members(visit, metric, series)
    with right, card("calendar", visit.say(_CALENDAR)), told(visit):
        _calendar(visit, series[0]["last"])


def _choose_target(visit: Visit, found: list[Row]) -> Row:
    names = tuple(f"{row['metric']}-{row['grain']}" for row in found)
    by_name = dict(zip(names, found, strict=True))
    recall("target", names, names[0])

    def told_as(name: str) -> str:
        row = by_name[name]
        return f"{visit.say(METRICS[row['metric']])} {visit.say(_GRAINS[row['grain']])}"

    chosen = st.session_state["target"]
    if len(names) > 1:
        chosen = st.segmented_control(visit.say(_METRIC), names, key="target", format_func=told_as, required=True)
        remember("target", names[0])
    return by_name[chosen]


def _series_name(visit: Visit, row: Row) -> str:
    if row["dimension"] == "all":
        return visit.say(_SHOP)
    return f"{_member(visit, row)} ({_level(visit, row['dimension'])})"


def _member(visit: Visit, row: Row) -> str:
    return visit.say(_SHOP) if row["member"] == "all" else member_of(row["dimension"], row["member"], visit.language)


def _level(visit: Visit, dimension: str) -> str:
    known = DIMENSIONS.get(dimension)
    return visit.say(known) if known else dimension


def model_name(visit: Visit, model: str) -> str:
    """What a model is called; two that are blended are named both."""
    names = (_MODELS.get(one) for one in model.split("+"))
    return " + ".join(visit.say(name) if name else one for name, one in zip(names, model.split("+"), strict=True))


def _fan(visit: Visit, target: Row, series: list[Row]) -> None:
    metric, grain = target["metric"], target["grain"]
    by_id = {row["series_id"]: row for row in series}
    left, right = st.columns(2)
    with left:
        recall("series", tuple(by_id), series[0]["series_id"])
        chosen = st.selectbox(
            visit.say(_SERIES), tuple(by_id), key="series", format_func=lambda one: _series_name(visit, by_id[one])
        )
        remember("series", series[0]["series_id"])
    with right:
        names = _models(visit, metric, grain)
        recall("model", names, names[0])
        model = st.selectbox(visit.say(_MODEL), names, key="model", format_func=lambda one: model_name(visit, one))
        remember("model", names[0])
    period = visit.days
    past = visit.ask(history, chosen, period.first, period.last)
    ahead = [row for row in visit.ask(fan, chosen, metric, grain, model) if row[MEDIAN] is not None]
    days = {"first": visit.day(period.first), "last": visit.day(period.last)}
    begin = visit.day(target["origin"] + timedelta(days=grain == "day"))
    note(visit.say(_FAN_NOTE_DAY if period.days == 1 else _FAN_NOTE, origin=begin, **days))
    if not ahead:
        note(visit.say(_NO_RANGE))
    special = _shown_days(visit, past, ahead)
    figure = _fan_figure(visit, metric, grain, past, ahead, special)
    title = f"{visit.say(METRICS[metric])}, {_series_name(visit, by_id[chosen])}"
    chart(
        visit,
        f"forecast-{metric}",
        figure,
        [*past, *ahead],
        alt=_fan_alt(visit, metric, title, ahead),
        keys=_keys(visit, special),
    )


def _models(visit: Visit, metric: str, grain: str) -> tuple[str, ...]:
    """The chosen forecast first, then as good as they were."""
    try:
        found = [row["model"] for row in visit.ask(leaderboard, metric, grain)]
    except NotPublished:
        found = []
    return tuple(dict.fromkeys(["chosen", *found]))


def _fan_figure(visit: Visit, metric: str, grain: str, past: list[Row], ahead: list[Row], days: list[Row]) -> go.Figure:
    write, figure = visit.writer(metric), new_figure(380)
    known = [row for row in past if row["status"] != CLOSED]
    moments = [_at(row["ts"], grain) for row in ahead]
    for percent, colour in ((95, colours.RANGE_95), (80, colours.RANGE_80)):
        figure.add_traces(_band(moments, ahead, percent, colour))
    figure.add_trace(
        line(visit, [_at(row["ts"], grain) for row in known], [row["value"] for row in known], write,
             name=escape(visit.say(_WAS)), colour=colours.INK, width=1.6)
    )  # fmt: skip
    texts = [_point(visit, metric, at, row) for at, row in zip(moments, ahead, strict=True)]
    figure.add_scatter(
        x=moments, y=[row[MEDIAN] for row in ahead], mode="lines+markers", customdata=texts,
        line={"color": colours.ACCENT, "width": 2.4}, marker={"size": 5, "color": colours.ACCENT},
        hovertemplate="%{customdata}<extra></extra>", name=visit.say(_MIDDLE),
    )  # fmt: skip
    _mark_days(figure, days)
    time_axis(figure, [*(_at(row["ts"], grain) for row in known), *moments], visit.language)
    top = [row["q975"] for row in ahead]
    value_axis(figure, [*(row["value"] for row in known), *top], write)
    return figure


def _at(moment: datetime, grain: str) -> date:
    return moment.date() if grain == "day" else moment


def _band(moments: list[date], ahead: list[Row], percent: int, colour: str) -> list[go.Scatter]:
    low, high = INTERVALS[percent]
    edge = {"mode": "lines", "line": {"width": 0.5, "color": colour}, "hoverinfo": "skip"}
    lower = go.Scatter(x=moments, y=[row[low] for row in ahead], **edge)
    return [lower, go.Scatter(x=moments, y=[row[high] for row in ahead], fill="tonexty", fillcolor=colour, **edge)]


def _point(visit: Visit, metric: str, at: date, row: Row) -> str:
    lowest, low, _, middle, _, high, highest = (visit.writer(metric)(row[name]) for name in QUANTILES)
    return visit.say(_POINT, when=when(visit, at), median=middle, low=low, high=high, lowest=lowest, highest=highest)


def _shown_days(visit: Visit, past: list[Row], ahead: list[Row]) -> list[Row]:
    """The special days within what is shown."""
    every = [row["ts"].date() for row in [*past, *ahead]]
    if not every:
        return []
    first, last = min(every), max(every)
    found = _known_days(visit, first, last)
    return [row | {"first": max(row["first"], first), "last": min(row["last"], last)} for row in found]


def _mark_days(figure: go.Figure, days: list[Row]) -> None:
    """Bands behind days of which something is known."""
    half = timedelta(hours=12)
    for row in days:
        begin, end = (datetime.combine(row[name], time()) for name in ("first", "last"))
        figure.add_vrect(begin - half, end + half, fillcolor=_COLOURS[row["kind"]], line_width=0, layer="below")


def _fan_alt(visit: Visit, metric: str, title: str, ahead: list[Row]) -> str:
    if not ahead:
        return f"{title}. {visit.say(_NO_RANGE)}"
    middle, write = [row[MEDIAN] for row in ahead], visit.writer(metric)
    return visit.say(
        _FAN_ALT, title=title, low=write(min(middle)), high=write(max(middle)), last=visit.day(ahead[-1]["ts"])
    )


def _keys(visit: Visit, days: list[Row]) -> list[Key]:
    return [
        Key(visit.say(_WAS), colours.INK),
        Key(visit.say(_MIDDLE), colours.ACCENT),
        Key(visit.say(_RANGES[80]), colours.RANGE_80, "area"),
        Key(visit.say(_RANGES[95]), colours.RANGE_95, "area"),
        *(
            Key(visit.say(_KINDS[kind]), colour, "area")
            for kind, colour in _COLOURS.items()
            if any(row["kind"] == kind for row in days)
        ),
    ]


def _leaders(visit: Visit, metric: str, grain: str) -> None:
    rows = visit.ask(leaderboard, metric, grain)
    if not rows:
        note(visit.say(_NO_BACKTEST))
        return
    note(visit.say(_LEADERS_NOTE, origins=visit.count(max(row["origins"] for row in rows))))
    columns = [
        Column("model", _MODEL, lambda model: model_name(visit, model)),
        *(Column(name, label, visit.percent, is_number=True) for name, label in _LEADER_COLUMNS.items()),
        Column("bias", _BIAS, visit.writer(metric), is_number=True),
        Column("buckets", _BUCKETS, visit.count, is_number=True),
    ]
    table(visit, f"leaderboard-{metric}", columns, rows, caption=visit.say(_LEADERS))


def _members(visit: Visit, metric: str, series: list[Row]) -> None:
    write = visit.writer(metric)
    columns = [
        Column("called", _MEMBER),
        Column("dimension", _DIMENSION, lambda one: "" if one == "all" else _level(visit, one)),
        Column("mean", _EXPECTED, lambda value: write(float(f"{value:.4g}")), is_number=True),
    ]
    called = [row | {"called": _member(visit, row)} for row in series]
    table(visit, f"members-{metric}", columns, called, caption=visit.say(_MEMBERS))


def _known_days(visit: Visit, first: date, last: date) -> list[Row]:
    """Sales, closed days and holidays that touch these days."""
    calendar = shop_calendar(visit.served.settings)
    named = [("sale", one) for one in calendar.sale] + [("closed", one) for one in calendar.closed]
    rows: list[Row] = [{"kind": kind, "name": one.name, "first": one.first, "last": one.last} for kind, one in named]
    holidays = calendar.holidays(range(first.year, last.year + 1))
    rows += [{"kind": "holiday", "name": name, "first": day, "last": day} for day, name in holidays.items()]
    return sorted((row for row in rows if row["first"] <= last and row["last"] >= first), key=lambda row: row["first"])


def _calendar(visit: Visit, until: datetime) -> None:
    first, last = visit.days.first, until.date()
    rows = _known_days(visit, first, last)
    note(visit.say(_CALENDAR_NOTE, first=visit.day(first), last=visit.day(last)))
    if not rows:
        note(visit.say(_NO_CALENDAR))
        return
    columns = [
        Column("name", _NAME, is_long=True),
        Column("kind", _KIND, lambda kind: visit.say(_KINDS[kind])),
        Column("first", _FROM, visit.day),
        Column("last", _TO, visit.day),
    ]
    table(visit, "calendar", columns, rows, caption=visit.say(_CALENDAR))
