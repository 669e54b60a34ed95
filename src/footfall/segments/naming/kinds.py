"""Kinds of segments: by what each is recognised, what it is called, and what to do with it.

Thresholds compare a segment with the users it was divided from: buyers with buyers, visitors with visitors.
"""

from collections.abc import Callable
from dataclasses import dataclass

from footfall.segments.naming.portraits import Portrait
from footfall.segments.naming.text import Text
from footfall.segments.parts import BUYERS, TOP_SPENDERS, USERS, VISITORS


@dataclass(frozen=True)
class Kind:
    """A kind of segment.

    Attributes:
        key: its name in code and tables.
        name: its name for people.
        advice: what to do with these users.
        reason: why that should help.
        evidence: the features that it is recognised by.
        fits: whether a segment is of this kind.
    """

    key: str
    name: Text
    advice: Text
    reason: Text
    evidence: tuple[str, ...]
    fits: Callable[[Portrait], bool]


def _undivided(key: str, name: Text) -> Kind:
    advice = Text(
        "Treat them alike, or look at single features.",
        "Traitez-les de la même façon, ou regardez une caractéristique à la fois.",
    )
    reason = Text(
        "No grouping of them holds, or none was asked for.", "Aucun regroupement ne tient, ou n'a été demandé."
    )
    return Kind(key, name, advice, reason, (), lambda _: True)


# A part of one segment: there is nobody to compare it with.
UNDIVIDED = {
    USERS: _undivided("all_users", Text("All Users", "Tous les utilisateurs")),
    BUYERS: _undivided("all_buyers", Text("All Buyers", "Tous les acheteurs")),
    VISITORS: _undivided("all_visitors", Text("All Visitors", "Tous les visiteurs")),
}
EXCEPTIONAL = Kind(
    "exceptional_spenders",
    Text("Exceptional Spenders", "Acheteurs exceptionnels"),
    Text(
        "Know each of them by name, and check whether they buy for a company.",
        "Connaissez-les un par un, et vérifiez s'ils achètent pour une entreprise.",
    ),
    Text(
        "Their spend lies beyond the upper fence of all buyers, so any average with them in it is theirs.",
        "Leurs dépenses dépassent la borne supérieure des acheteurs : ils pèsent sur toute moyenne.",
    ),
    ("spend", "orders"),
    lambda _: True,
)
# The first kind that fits gives the name, so the order matters. The last one of either list fits everything.
OF_BUYERS = (
    Kind(
        "lapsed_top_spenders",
        Text("Lapsed Top Spenders", "Gros acheteurs inactifs"),
        Text(
            "Win them back personally, and ask what made them leave.",
            "Reconquérez-les personnellement, et demandez ce qui les a fait partir.",
        ),
        Text("They spent the most and stopped coming.", "Ils dépensaient le plus et ne viennent plus."),
        ("spend", "recency_days"),
        lambda segment: segment.spends_much and segment.is_away,
    ),
    Kind(
        "top_spenders",
        Text("Top Spenders", "Gros acheteurs"),
        Text(
            "Look after them: early access, personal service, no blanket discounts.",
            "Soignez-les : accès en avant-première, service personnel, pas de remises générales.",
        ),
        Text("They bring the most revenue per head.", "Ils rapportent le plus par tête."),
        ("spend", "orders"),
        lambda segment: segment.spends_much,
    ),
    Kind(
        "lapsed_customers",
        Text("Lapsed Customers", "Clients inactifs"),
        Text(
            "Try one reminder with what is new, and stop if it stays without answer.",
            "Tentez un rappel avec les nouveautés, et arrêtez s'il reste sans réponse.",
        ),
        Text("They used to buy and stopped coming.", "Ils achetaient et ne viennent plus."),
        ("recency_days", "orders"),
        lambda segment: segment.is_away,
    ),
    Kind(
        "new_customers",
        Text("New Customers", "Nouveaux clients"),
        Text(
            "Welcome them and make the second order easy.",
            "Accueillez-les et facilitez la deuxième commande.",
        ),
        Text("They came recently and have already bought.", "Ils sont arrivés récemment et ont déjà acheté."),
        ("tenure_days", "orders"),
        lambda segment: segment.is_new,
    ),
    Kind(
        "loyal_customers",
        Text("Loyal Customers", "Clients fidèles"),
        Text(
            "Reward regularity, recommend related products, ask for reviews.",
            "Récompensez la régularité, proposez des produits proches, demandez des avis.",
        ),
        Text("They come back and buy again.", "Ils reviennent et rachètent."),
        ("orders", "active_days"),
        lambda segment: segment.at_least(segment.typical("orders"), max(2.0, segment.base("orders"))),
    ),
    Kind(
        "occasional_spenders",
        Text("Occasional Spenders", "Acheteurs occasionnels"),
        Text(
            "Remind them when a purchase is due, with products close to the last one.",
            "Relancez-les au bon moment, avec des produits proches du dernier achat.",
        ),
        Text("They buy now and then.", "Ils achètent de temps en temps."),
        ("orders", "recency_purchase_days"),
        lambda _: True,
    ),
)
OF_VISITORS = (
    Kind(
        "heavy_cart_users",
        Text("Heavy Cart Users", "Adeptes du panier"),
        Text(
            "Check delivery costs and checkout, and send a reminder of the cart.",
            "Vérifiez les frais de livraison et le paiement, et rappelez-leur le panier.",
        ),
        Text("They fill carts and leave them.", "Ils remplissent des paniers et les abandonnent."),
        ("carts", "cart_abandonment"),
        lambda segment: segment.at_least(segment.typical("carts"), 1) and segment.at_least(segment.times("carts"), 2),
    ),
    Kind(
        "new_visitors",
        Text("New Visitors", "Nouveaux visiteurs"),
        Text(
            "Show what the shop is known for and offer the newsletter.",
            "Montrez ce qui fait la réputation de la boutique et proposez la lettre d'information.",
        ),
        Text("They came recently for the first time.", "Ils sont venus récemment pour la première fois."),
        ("tenure_days", "sessions"),
        lambda segment: segment.is_new,
    ),
    Kind(
        "one_time_visitors",
        Text("One-time Visitors", "Visiteurs d'un jour"),
        Text(
            "Look at where they came from and what they saw first before spending money on them.",
            "Regardez d'où ils venaient et ce qu'ils ont vu d'abord avant de dépenser pour eux.",
        ),
        Text("They came once.", "Ils sont venus une seule fois."),
        ("sessions", "views"),
        lambda segment: segment.typical("sessions") <= 1,
    ),
    Kind(
        "lapsed_visitors",
        Text("Lapsed Visitors", "Visiteurs inactifs"),
        Text("Leave them out of paid campaigns.", "Laissez-les hors des campagnes payantes."),
        Text("They looked around and stopped coming.", "Ils ont regardé et ne viennent plus."),
        ("recency_days", "sessions"),
        lambda segment: segment.is_away,
    ),
    Kind(
        "window_shoppers",
        Text("Window Shoppers", "Flâneurs"),
        Text(
            "Help them decide: comparisons, reviews, price alerts, a first-order offer.",
            "Aidez-les à choisir : comparatifs, avis, alertes de prix, offre de première commande.",
        ),
        Text("They look at much and buy nothing.", "Ils regardent beaucoup et n'achètent rien."),
        ("views", "sessions"),
        lambda segment: segment.at_least(segment.typical("views"), segment.base("views")),
    ),
    Kind(
        "casual_visitors",
        Text("Casual Visitors", "Visiteurs de passage"),
        Text(
            "Show best sellers early and keep the cost of reaching them low.",
            "Montrez vite les meilleures ventes et limitez le coût pour les atteindre.",
        ),
        Text("They drop by and look at little.", "Ils passent et regardent peu."),
        ("views", "sessions"),
        lambda _: True,
    ),
)
KINDS = {kind.key: kind for kind in (*UNDIVIDED.values(), EXCEPTIONAL, *OF_BUYERS, *OF_VISITORS)}

# Schmitt's trigger: a segment's last kind is held to thresholds that are this much easier, the kinds that would
# displace it to thresholds that are as much harder.
EASE = 1.25


def kind_of(portrait: Portrait, part: str, last: str | None = None) -> Kind:
    """Recognise a segment.

    Args:
        portrait: its facts.
        part: where it belongs; users who were not divided are told apart by whether the typical one buys.
        last: the key of the kind that it had in the last model.
    """
    if part == TOP_SPENDERS:
        return EXCEPTIONAL
    is_bought = part == BUYERS or (part != VISITORS and portrait.buys)
    kinds = OF_BUYERS if is_bought else OF_VISITORS
    keys = [kind.key for kind in kinds]
    held = keys.index(last) if last in keys else -1
    for place, kind in enumerate(kinds):
        ease = 1 / EASE if place < held else EASE if place == held else 1.0
        if kind.fits(portrait.eased(ease)):
            return kind
    raise AssertionError("the last kind fits everything")
