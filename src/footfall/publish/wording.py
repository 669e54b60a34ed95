"""What messages and plots say, in both languages. What follows a colon needs no article and no agreement."""

from footfall.publish.language import Text

METRICS = {
    "events": Text("Events", "Événements"),
    "sessions": Text("Visits", "Visites"),
    "users": Text("Users", "Utilisateurs"),
    "carts": Text("Additions to the cart", "Ajouts au panier"),
    "orders": Text("Orders", "Commandes"),
    "items": Text("Items bought", "Articles achetés"),
    "revenue": Text("Revenue", "Chiffre d'affaires"),
    "refunds": Text("Refunds", "Remboursements"),
    "conversion": Text("Conversion rate", "Taux de conversion"),
    "average_order": Text("Average order", "Panier moyen"),
}
IN_MONEY = ("revenue", "refunds", "average_order")
IN_PER_CENT = ("conversion",)

DIMENSIONS = {
    "brand": Text("brand", "marque"),
    "country": Text("country", "pays"),
    "category": Text("category", "catégorie"),
    "category_2": Text("level-2 category", "catégorie de niveau 2"),
    "category_3": Text("level-3 category", "catégorie de niveau 3"),
}
RENAMED = Text("a new name:", "nouveau nom\u00a0:")
OTHER = Text("all others", "autres")
# Of what has no brand or no category: both are feminine in French, and a country is not.
UNKNOWN, UNKNOWN_COUNTRY = Text("unknown", "inconnue"), Text("unknown", "inconnu")

# How far the value is from what was to be expected. French writes a space before the colon.
TITLE = Text("{name}: {change}", "{name}\u00a0: {change}")
BELOW = Text("{percent} below expected", "{percent} sous la valeur attendue")
ABOVE = Text("{percent} above expected", "{percent} au-dessus de la valeur attendue")
TIMES = Text("{times} times the expected value", "{times}\u00a0fois la valeur attendue")
FAR_BELOW = Text("far below expected", "bien en dessous de la valeur attendue")
FAR_ABOVE = Text("far above expected", "bien au-dessus de la valeur attendue")
NEW_LEVEL = Text("new level, {change}", "nouveau niveau, {change}")
NO_DATA = Text("No data since {since}", "Aucune donnée depuis le {since}")
DATA_AGAIN = Text("Data is arriving again", "Les données arrivent à nouveau")
EVENTS = {
    "opened": Text("{title}", "{title}"),
    "reopened": Text("On again \u2013 {title}", "De nouveau \u2013 {title}"),
    "updated": Text("Update \u2013 {title}", "Suivi \u2013 {title}"),
    "closed": Text("Over \u2013 {title}", "Terminé \u2013 {title}"),
}

SINCE = Text("Since {since} ({zone})", "Depuis le {since} (fuseau {zone})")
FROM_TO = Text("From {since} to {until} ({zone})", "Du {since} au {until} (fuseau {zone})")
ON_A_DAY = Text("On {day}, from {since} to {until} ({zone})", "Le {day}, de {since} à {until} (fuseau {zone})")
VALUES = Text(
    "Actual: {value}. Expected: {expected} ({change}).",
    "Constaté\u00a0: {value}. Attendu\u00a0: {expected} ({change}).",
)
DEEPEST = Text("Furthest from expected: {depth}.", "Écart maximal\u00a0: {depth}.")
LOST = Text("Lost so far: about {parts}.", "Manque à gagner à ce stade\u00a0: environ {parts}.")
LOST_IN_ALL = Text("Lost in all: about {parts}.", "Manque à gagner au total\u00a0: environ {parts}.")
BALANCE = Text("Compared with what was expected: {parts}.", "Par rapport à l'attendu\u00a0: {parts}.")
ORDER, ORDERS = Text("{number} order", "{number}\u00a0commande"), Text("{number} orders", "{number}\u00a0commandes")
AND = Text(" and ", " et ")
CAUSE = Text("Main cause: {cause}", "Origine principale\u00a0: {cause}")
CAUSE_SHARE = Text(" ({share} of the change)", " ({share} de l'écart)")
EVERYWHERE = Text(
    "It is shop-wide: no brand, country or category stands out.",
    "Toute la boutique est touchée\u00a0: aucune marque, aucun pays, aucune catégorie ne se détache.",
)
SERIES = Text("It shows in {series} series.", "Visible dans {series} séries.")
HEALTH = Text(
    "{span}, no data has reached Footfall{where}. This is about the data: it does not mean that nothing was sold. "
    "Check the tracking and the export of events first.",
    "{span}, aucune donnée ne parvient à Footfall{where}. L'alerte porte sur les données\u00a0: elle ne signifie pas "
    "que rien n'a été vendu. Vérifiez d'abord la collecte et l'export des événements.",
)
HEALTHY = Text(
    "{span}, no data reached Footfall{where}. What happened in the shop meanwhile is unknown until it is loaded.",
    "{span}, aucune donnée n'est parvenue à Footfall{where}. L'activité de la boutique sur cette période restera "
    "inconnue tant que ces données n'auront pas été chargées.",
)
NEXT = Text("What to do next:", "Que faire\u00a0?")
COMMANDS = {
    "show": Text("the details, series by series", "le détail, série par série"),
    "ack": Text("say that you are on it", "signaler que vous vous en occupez"),
    "snooze": Text("no more messages for a while", "suspendre les messages pendant un temps"),
    "feedback": Text("add true, false or expected: what it was", "ajouter true, false ou expected : ce que c'était"),
}
ONCE_OVER = ("show", "feedback")

ACTUAL = Text("actual", "constaté")
EXPECTED = Text("expected", "attendu")
BAND = Text("usual range", "plage habituelle")
ANOMALOUS = Text("incident", "incident")
HOURS = Text("Time ({zone})", "Heure ({zone})")
DAYS = Text("Day", "Jour")
