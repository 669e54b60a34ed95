"""What incidents do to the events of a day: some are lost, some show a wrong price, some come from bots."""

import numpy as np

from footfall.simulate.arrays import Bools, Floats, Ints, Stream, chance, pick_weighted
from footfall.simulate.catalogue import Catalogue
from footfall.simulate.events import Events, EventType, joined, no_events
from footfall.simulate.incidents import Incident, bots_of
from footfall.simulate.sales_calendar import DayConditions


def bot_views(day: int, incidents: tuple[Incident, ...], shop: DayConditions, first_session: int, seed: int) -> Events:
    """What bots look at on a day; each has one session."""
    rng = chance(seed, Stream.BOTS, day)
    active = [incident for incident in bots_of(incidents) if incident.strikes(day)]
    views = [_views_of(bot, day, shop, first_session + number, rng) for number, bot in enumerate(active)]
    return joined([no_events(), *views])


def surviving(events: Events, day: int, incidents: tuple[Incident, ...], goods: Catalogue, seed: int) -> Events:
    """The events of a day that reach the log in spite of outages, lost tracking and declining demand."""
    rng = chance(seed, Stream.THINNING, day)
    kept = np.ones(len(events))
    for incident in incidents:
        if incident.strikes(day):
            kept *= 1 - _loss(incident, day, events, goods)
    return events.take(rng.random(len(events)) < kept)


def shown_cents(cents: Ints, events: Events, day: int, incidents: tuple[Incident, ...], goods: Catalogue) -> Ints:
    """The prices, in cents, that the log shows for the events of a day."""
    shown: Ints = cents[events.product]
    for incident in incidents:
        if incident.kind == "price_error" and incident.strikes(day):
            struck = _within(incident, day, events) & (goods.category[events.product] == incident.member)
            wrong = np.maximum(np.round(shown * incident.intensity), 1).astype(np.int64)
            shown = np.where(struck, wrong, shown)
    return shown


def _views_of(bot: Incident, day: int, shop: DayConditions, session: int, rng: np.random.Generator) -> Events:
    start, end = bot.seconds_of(day)
    views = int(bot.intensity)
    same = np.zeros(views, dtype=np.int64)
    return Events(
        second=start + np.sort(rng.choice(end - start, views, replace=False)),
        user=same + bot.member,
        session=same + session,
        product=pick_weighted(shop.demand, same, same + len(shop.cents), rng),
        type=same + EventType.VIEW,
    )


def _loss(incident: Incident, day: int, events: Events, goods: Catalogue) -> Floats:
    """The chance of each event to be lost to the incident."""
    loss = np.zeros(len(events))
    within = _within(incident, day, events)
    if incident.kind == "payment_outage":
        loss[within & (events.type == EventType.PURCHASE)] = incident.intensity
    elif incident.kind == "tracking_loss":
        loss[within] = incident.intensity
    elif incident.kind == "slow_decline":
        start, end = incident.seconds_of(day)
        struck = within & (goods.category[events.product] == incident.member)
        loss[struck] = incident.intensity * (events.second[struck] - start) / (end - start)
    return loss


def _within(incident: Incident, day: int, events: Events) -> Bools:
    start, end = incident.seconds_of(day)
    within: Bools = (events.second >= start) & (events.second < end)
    return within
