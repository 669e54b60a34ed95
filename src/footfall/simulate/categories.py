"""What the shop sells: the larger categories of REES46's October 2019, as measured on its first three hours.

The smaller ones and those that have no code are made up in `catalogue`.
"""

from dataclasses import dataclass

# Of the rows of the sample, this share has no category code; they lie in 246 categories.
UNCODED_SHARE = 0.33
UNCODED_CATEGORIES = 120
UNCODED_BRANDED = 0.735


@dataclass(frozen=True)
class Category:
    """A category: its share of events in percent, its prices, how many events carry a brand, and its leading brands."""

    code: str
    share: float
    median_price: float
    price_spread: float
    branded: float
    brands: str


CODED = (
    Category("electronics.smartphone", 27.07, 287, 0.83, 1.0, "samsung apple xiaomi huawei"),
    Category("electronics.clocks", 3.22, 165, 1.19, 0.82, "casio apple samsung xiaomi"),
    Category("computers.notebook", 3.2, 597, 0.62, 1.0, "acer lenovo hp asus"),
    Category("electronics.audio.headphone", 2.31, 71, 1.04, 1.0, "apple xiaomi elari samsung"),
    Category("appliances.kitchen.refrigerators", 1.89, 311, 0.6, 0.78, "indesit lg beko atlant"),
    Category("appliances.environment.vacuum", 1.57, 117, 0.83, 0.92, "samsung karcher vitek xiaomi"),
    Category("appliances.environment.air_heater", 1.43, 34, 0.59, 0.9, "oasis elenberg electrolux ballu"),
    Category("auto.accessories.player", 1.41, 72, 0.65, 0.7, "pioneer jvc nakamichi kenwood"),
    Category("electronics.video.tv", 1.41, 422, 0.65, 1.0, "samsung artel lg sony"),
    Category("apparel.shoes", 1.31, 90, 0.43, 0.86, "respect salamander rieker shagovita"),
    Category("appliances.kitchen.washer", 1.28, 335, 0.5, 0.99, "samsung lg indesit beko"),
    Category("apparel.shoes.keds", 1.1, 72, 0.4, 0.85, "respect strobbs adidas asics"),
    Category("electronics.telephone", 1.0, 26, 0.61, 1.0, "nokia texet bq inoi"),
    Category("furniture.living_room.cabinet", 0.83, 283, 0.42, 0.43, "sv brw bts"),
    Category("auto.accessories.alarm", 0.77, 121, 0.42, 1.0, "starline tomahawk cenmax centurion"),
    Category("furniture.living_room.sofa", 0.73, 541, 0.36, 0.05, "rals divalux imperial"),
    Category("appliances.kitchen.meat_grinder", 0.73, 72, 0.56, 0.8, "bosch redmond moulinex dauscher"),
    Category("computers.desktop", 0.67, 617, 0.81, 0.97, "pulser acer hp lenovo"),
    Category("furniture.bedroom.bed", 0.64, 155, 0.68, 0.56, "sv brw bts lorelli"),
    Category("accessories.bag", 0.57, 64, 0.87, 0.87, "karya baden rivacase lenovo"),
    Category("appliances.kitchen.microwave", 0.53, 86, 0.65, 0.98, "samsung elenberg lg ava"),
    Category("appliances.environment.water_heater", 0.52, 99, 0.49, 0.88, "ariston artel thermex haier"),
    Category("appliances.iron", 0.5, 28, 0.71, 1.0, "tefal redmond scarlett elenberg"),
    Category("electronics.audio.subwoofer", 0.5, 102, 0.67, 0.73, "pride pioneer alpine hertz"),
    Category("appliances.kitchen.blender", 0.49, 54, 0.52, 1.0, "redmond polaris braun vitek"),
    Category("sport.bicycle", 0.48, 268, 1.11, 0.98, "axis giant phoenix stels"),
    Category("auto.accessories.videoregister", 0.44, 142, 0.71, 0.75, "sho-me ibox neoline prestigio"),
    Category("kids.carriage", 0.44, 118, 0.53, 0.9, "belecoo wingoffly alis anex"),
    Category("construction.tools.drill", 0.44, 82, 0.73, 0.79, "bosch makita crown alteco"),
    Category("electronics.tablet", 0.41, 384, 0.99, 1.0, "apple samsung huawei prestigio"),
    Category("appliances.environment.air_conditioner", 0.4, 197, 0.48, 0.96, "elenberg tcl almacom atlantic"),
    Category("construction.tools.saw", 0.38, 113, 0.9, 0.85, "huter stihl makita bosch"),
    Category("appliances.kitchen.oven", 0.34, 55, 0.8, 1.0, "artel elenberg asel bosch"),
    Category("appliances.sewing_machine", 0.33, 235, 0.95, 1.0, "janome bernina jaguar brother"),
    Category("appliances.kitchen.kettle", 0.33, 36, 0.83, 0.98, "tefal dauscher maxwell elenberg"),
    Category("computers.components.videocards", 0.33, 315, 0.79, 1.0, "palit asus gigabyte powercolor"),
    Category("appliances.kitchen.hood", 0.32, 69, 0.54, 0.95, "artel turbo turboair midea"),
    Category("appliances.kitchen.mixer", 0.29, 33, 1.04, 1.0, "polaris scarlett elenberg bosch"),
    Category("furniture.kitchen.table", 0.26, 116, 0.82, 0.5, "bts domini sv ersport"),
    Category("computers.peripherals.monitor", 0.26, 107, 0.86, 1.0, "samsung qmax acer lg"),
    Category("construction.tools.welding", 0.24, 201, 0.79, 0.78, "magnetta denzel huter laston"),
    Category("appliances.kitchen.grill", 0.24, 113, 0.5, 1.0, "redmond tefal delonghi maxwell"),
    Category("furniture.kitchen.chair", 0.22, 57, 0.68, 0.67, "zeta shenma joie barneo"),
    Category("computers.peripherals.printer", 0.21, 136, 0.47, 0.97, "epson hp canon samsung"),
    Category("construction.tools.pump", 0.2, 64, 0.65, 0.44, "leo alteco magnetta greenpro"),
    Category("appliances.kitchen.dishwasher", 0.2, 386, 0.27, 1.0, "bosch beko dauscher hansa"),
    Category("computers.components.hdd", 0.2, 40, 0.42, 1.0, "kingston transcend crucial apacer"),
    Category("kids.toys", 0.18, 23, 0.83, 0.75, "chicco orange silverlit alilo"),
    Category("furniture.living_room.chair", 0.18, 205, 0.69, 0.58, "heyner lorelli bertoni joie"),
    Category("construction.tools.light", 0.16, 7, 0.69, 0.32, "eco garant lezard ansmann"),
    Category("appliances.personal.hair_cutter", 0.15, 22, 0.65, 1.0, "philips vitek moser scarlett"),
    Category("computers.peripherals.mouse", 0.15, 20, 1.21, 0.85, "logitech hp delux crown"),
    Category("kids.skates", 0.14, 370, 0.71, 0.92, "kugoo xiaomi freefeet maomaoku"),
    Category("electronics.camera.video", 0.11, 232, 0.42, 1.0, "xiaomi gopro panasonic"),
    Category("stationery.cartrige", 0.1, 11, 0.21, 1.0, "hp canon"),
    Category("computers.components.cpu", 0.09, 249, 0.8, 1.0, "intel amd"),
    Category("kids.fmcg.diapers", 0.06, 13, 0.68, 0.91, "huggies pampers merries"),
)
