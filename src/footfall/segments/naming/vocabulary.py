"""How features are called when people read about them, in English and in French."""

from dataclasses import dataclass
from typing import Literal

from footfall.segments.naming.text import Text

Unit = Literal["duration", "money", "count", "share", "number"]


@dataclass(frozen=True)
class Word:
    """A feature in words.

    Attributes:
        label: what it is called.
        unit: how its values are written; the label says hours, days and the like.
        family: what it is about; a description takes at most one feature from each family.
        low: what users have in common who have little of it.
        high: what users have in common who have much of it.
    """

    label: Text
    unit: Unit
    family: str
    low: Text
    high: Text


WORDS = {
    "recency_days": Word(
        Text("Days since last visit", "Jours depuis la dernière visite"),
        "duration",
        "Recency",
        Text("seen more recently", "vus plus récemment"),
        Text("not seen for longer", "absents depuis plus longtemps"),
    ),
    "recency_purchase_days": Word(
        Text("Days since last purchase", "Jours depuis le dernier achat"),
        "duration",
        "Recency",
        Text("bought more recently", "achat plus récent"),
        Text("no purchase for longer", "sans achat depuis plus longtemps"),
    ),
    "tenure_days": Word(
        Text("Days since first visit", "Jours depuis la première visite"),
        "duration",
        "Recency",
        Text("newer to the shop", "arrivés plus récemment"),
        Text("known for longer", "connus depuis plus longtemps"),
    ),
    "orders": Word(
        Text("Orders", "Commandes"),
        "count",
        "Money",
        Text("fewer orders", "moins de commandes"),
        Text("more orders", "plus de commandes"),
    ),
    "items": Word(
        Text("Items bought", "Articles achetés"),
        "count",
        "Money",
        Text("fewer items", "moins d'articles"),
        Text("more items", "plus d'articles"),
    ),
    "spend": Word(
        Text("Spend", "Dépenses"),
        "money",
        "Money",
        Text("lower spend", "dépenses plus faibles"),
        Text("higher spend", "dépenses plus fortes"),
    ),
    "average_order": Word(
        Text("Average order", "Panier moyen"),
        "money",
        "Money",
        Text("smaller orders", "commandes plus petites"),
        Text("larger orders", "commandes plus grosses"),
    ),
    "largest_order": Word(
        Text("Largest order", "Plus grosse commande"),
        "money",
        "Money",
        Text("no large order", "aucune grosse commande"),
        Text("one large order", "une grosse commande"),
    ),
    "order_value_cv": Word(
        Text("Variation of order value", "Variation des commandes"),
        "number",
        "Money",
        Text("even orders", "commandes régulières"),
        Text("uneven orders", "commandes inégales"),
    ),
    "active_days": Word(
        Text("Active days", "Jours actifs"),
        "count",
        "Rhythm",
        Text("fewer active days", "moins de jours actifs"),
        Text("more active days", "plus de jours actifs"),
    ),
    "sessions": Word(
        Text("Visits", "Visites"),
        "count",
        "Rhythm",
        Text("fewer visits", "moins de visites"),
        Text("more visits", "plus de visites"),
    ),
    "session_gap_median_hours": Word(
        Text("Hours between visits", "Heures entre les visites"),
        "duration",
        "Rhythm",
        Text("shorter gaps", "visites rapprochées"),
        Text("longer gaps", "visites espacées"),
    ),
    "session_gap_cv": Word(
        Text("Variation of gaps", "Variation des intervalles"),
        "number",
        "Rhythm",
        Text("steadier rhythm", "rythme régulier"),
        Text("visits in bursts", "visites par à-coups"),
    ),
    "purchase_gap_median_days": Word(
        Text("Days between orders", "Jours entre les commandes"),
        "duration",
        "Rhythm",
        Text("quicker to buy again", "plus vite de retour"),
        Text("slower to buy again", "plus lents à racheter"),
    ),
    "views": Word(
        Text("Product views", "Produits vus"),
        "count",
        "Funnel",
        Text("fewer views", "moins de produits vus"),
        Text("more views", "plus de produits vus"),
    ),
    "carts": Word(
        Text("Additions to cart", "Ajouts au panier"),
        "count",
        "Funnel",
        Text("less use of the cart", "panier moins utilisé"),
        Text("more use of the cart", "panier plus utilisé"),
    ),
    "removals": Word(
        Text("Removals from cart", "Retraits du panier"),
        "count",
        "Funnel",
        Text("fewer removals", "moins de retraits"),
        Text("more removals", "plus de retraits"),
    ),
    "view_to_cart": Word(
        Text("Views that reach the cart", "Vues qui mènent au panier"),
        "share",
        "Funnel",
        Text("fewer views that reach the cart", "moins de vues menant au panier"),
        Text("more views that reach the cart", "plus de vues menant au panier"),
    ),
    "cart_to_purchase": Word(
        Text("Carts that are bought", "Paniers achetés"),
        "share",
        "Funnel",
        Text("fewer carts bought", "moins de paniers achetés"),
        Text("more carts bought", "plus de paniers achetés"),
    ),
    "cart_abandonment": Word(
        Text("Carts left behind", "Paniers abandonnés"),
        "share",
        "Funnel",
        Text("fewer carts left behind", "moins de paniers abandonnés"),
        Text("more carts left behind", "plus de paniers abandonnés"),
    ),
    "removal_ratio": Word(
        Text("Removals per addition", "Retraits par ajout"),
        "share",
        "Funnel",
        Text("less taken out of the cart", "moins de produits retirés du panier"),
        Text("more taken out of the cart", "plus de produits retirés du panier"),
    ),
    "events_per_session": Word(
        Text("Events per visit", "Événements par visite"),
        "count",
        "Engagement",
        Text("shorter visits", "visites plus courtes"),
        Text("richer visits", "visites plus riches"),
    ),
    "session_minutes_median": Word(
        Text("Minutes per visit", "Minutes par visite"),
        "duration",
        "Engagement",
        Text("quicker visits", "visites plus rapides"),
        Text("longer visits", "visites plus longues"),
    ),
    "bounce_share": Word(
        Text("Visits of one event", "Visites d'un seul événement"),
        "share",
        "Engagement",
        Text("fewer bounces", "moins de rebonds"),
        Text("more bounces", "plus de rebonds"),
    ),
    "repeat_view_ratio": Word(
        Text("Repeated views", "Vues répétées"),
        "share",
        "Engagement",
        Text("fewer repeated views", "moins de vues répétées"),
        Text("more repeated views", "plus de vues répétées"),
    ),
    "views_per_purchase": Word(
        Text("Views per purchase", "Vues par achat"),
        "count",
        "Engagement",
        Text("fewer views per purchase", "moins de vues par achat"),
        Text("more views per purchase", "plus de vues par achat"),
    ),
    "categories": Word(
        Text("Categories", "Catégories"),
        "count",
        "Diversity",
        Text("fewer categories", "moins de catégories"),
        Text("more categories", "plus de catégories"),
    ),
    "category_entropy": Word(
        Text("Spread over categories", "Variété des catégories"),
        "number",
        "Diversity",
        Text("focused categories", "catégories ciblées"),
        Text("mixed categories", "catégories variées"),
    ),
    "brand_entropy": Word(
        Text("Spread over brands", "Variété des marques"),
        "number",
        "Diversity",
        Text("focused brands", "marques ciblées"),
        Text("mixed brands", "marques variées"),
    ),
    "top_brand_share": Word(
        Text("Share of the top brand", "Part de la marque préférée"),
        "share",
        "Diversity",
        Text("no favourite brand", "pas de marque préférée"),
        Text("one favourite brand", "une marque préférée"),
    ),
    "price_tier": Word(
        Text("Price tier in category", "Gamme de prix"),
        "share",
        "Price",
        Text("lower price tier", "prix bas"),
        Text("higher price tier", "prix élevés"),
    ),
    "price_dispersion": Word(
        Text("Spread of prices", "Dispersion des prix"),
        "number",
        "Price",
        Text("similar prices", "prix proches"),
        Text("mixed prices", "prix variés"),
    ),
    "weekend_share": Word(
        Text("At weekends", "Le week-end"),
        "share",
        "Timing",
        Text("weekdays", "en semaine"),
        Text("weekends", "le week-end"),
    ),
    "evening_share": Word(
        Text("In the evening", "Le soir"),
        "share",
        "Timing",
        Text("daytime", "en journée"),
        Text("evenings", "le soir"),
    ),
    "hour_entropy": Word(
        Text("Spread over hours", "Variété des heures"),
        "number",
        "Timing",
        Text("fewer hours of the day", "à heures fixes"),
        Text("more hours of the day", "à toute heure"),
    ),
    "second_half_share": Word(
        Text("In the month's second half", "Deuxième moitié du mois"),
        "share",
        "Timing",
        Text("early in the month", "en début de mois"),
        Text("late in the month", "en fin de mois"),
    ),
    "promotion_share": Word(
        Text("Bought on promotion", "Achats en promotion"),
        "share",
        "Promotion",
        Text("full price", "plein tarif"),
        Text("promotions", "promotions"),
    ),
}


def word(feature: str) -> Word:
    """Put a feature into words; one that is not in the table gets words made from its name."""
    label = feature.replace("_", " ")
    return WORDS.get(feature) or Word(
        Text(label.capitalize(), label.capitalize()),
        "number",
        "Other",
        Text(f"low {label}", f"{label} : peu"),
        Text(f"high {label}", f"{label} : beaucoup"),
    )
