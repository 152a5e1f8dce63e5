"""The words that say what images are for: places, light, sizes of things, togetherness, order."""

from __future__ import annotations

PLACES: dict[str, tuple[str, ...]] = {
    "beach": (
        "beach", "seaside", "shore", "seashore", "coast", "sand", "playa", "plage", "strand", "spiaggia", "praia",
        "пляж", "пляже", "海滩", "沙滩", "海辺", "ビーチ", "砂浜", "해변", "plaża", "plaj", "شاطئ",
    ),
    "sea": ("sea", "ocean", "mer", "meer", "море", "海边", "大海", "바다"),
    "meadow": (
        "meadow", "field", "grass", "lawn", "park", "garden", "pasture", "countryside", "prado", "campo", "prairie",
        "pré", "wiese", "prato", "луг", "поле", "草地", "草原", "公园", "공원", "초원",
    ),
    "forest": (
        "forest", "woods", "woodland", "jungle", "bosque", "forêt", "wald", "foresta", "bosco", "floresta", "лес",
        "лесу", "森林", "树林", "숲",
    ),
    "mountains": (
        "mountain", "mountains", "alps", "peaks", "hills", "valley", "montaña", "montañas", "montagne", "montagnes",
        "berge", "gebirge", "montagna", "montanha", "горы", "горах", "山", "高山", "산",
    ),
    "snow": (
        "snowfield", "snowy", "in the snow", "winter", "arctic", "nieve", "neige", "schnee", "neve", "雪地", "雪",
        "눈밭",
    ),
    "desert": (
        "desert", "dunes", "sahara", "desierto", "désert", "wüste", "deserto", "пустыня", "沙漠", "砂漠", "사막",
    ),
    "city": (
        "city", "street", "town", "downtown", "skyline", "metropolis", "road", "ciudad", "calle", "ville", "rue",
        "stadt",
        "straße", "città", "cidade", "город", "городе", "улице", "城市", "街道", "街上", "都市", "도시", "거리",
    ),
    "room": (
        "room", "living room", "indoors", "interior", "house", "home", "kitchen", "bedroom", "office", "habitación",
        "salon", "zimmer", "wohnzimmer", "stanza", "sala", "комната", "комнате", "房间", "客厅", "室内", "部屋", "방",
    ),
    "stage": (
        "stage", "spotlight", "theatre", "theater", "concert", "escenario", "scène", "bühne", "palco", "сцене",
        "舞台", "무대",
    ),
    "space": (
        "space", "outer space", "galaxy", "moon surface", "on the moon", "planet", "cosmos", "espacio", "espace",
        "weltraum", "космос", "космосе", "太空", "宇宙", "우주",
    ),
    "night_sky": ("night sky", "starry sky", "under the stars", "stars", "milky way", "星空"),
    "studio": (
        "studio", "white background", "plain background", "product shot", "estudio", "摄影棚", "スタジオ", "스튜디오",
    ),
}  # fmt: skip
"""What a backdrop can be painted as, and the words that ask for it."""

LIGHTS: dict[str, tuple[str, ...]] = {
    "sunset": (
        "sunset", "sunrise", "golden hour", "dusk", "dawn", "evening", "atardecer", "puesta de sol",
        "coucher de soleil",
        "sonnenuntergang", "tramonto", "pôr do sol", "закат", "закате", "日落", "黄昏", "夕阳", "夕日", "일몰",
    ),
    "night": (
        "night", "midnight", "moonlight", "starry", "noche", "nuit", "nacht", "notte", "noite", "ночь", "ночью",
        "夜晚", "夜", "밤",
    ),
    "day": ("daylight", "sunny", "noon", "bright day", "blue sky", "morning"),
}  # fmt: skip

BACKDROP_WORDS = frozenset(
    {
        "background",
        "backdrop",
        "setting",
        "scene",
        "environment",
        "location",
        "place",
        "scenery",
        "landscape",
        "surroundings",
    }
)

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7}

SIZES = {
    "tiny": 0.5, "miniature": 0.5, "small": 0.7, "little": 0.75, "short": 0.8,
    "tall": 1.2, "big": 1.3, "large": 1.35, "huge": 1.6, "giant": 1.7, "enormous": 1.7, "gigantic": 1.7,
}  # fmt: skip
"""Times what would be natural."""

TOGETHER_WORDS = (
    "together", "side by side", "next to", "beside", "in one scene", "in the same scene", "in the same frame",
    "group",
    "meet", "meets", "meeting", "hug", "hugging", "hold hands", "holding hands", "along with", "surrounded by",
    "juntos", "ensemble", "zusammen", "insieme", "вместе", "一起", "一緒", "함께",
)  # fmt: skip

SEQUENCE_WORDS = (
    "slideshow", "slide show", "one after another", "one after the other", "one by one", "transition", "transitions",
    "crossfade", "cross-fade", "montage", "morph", "morphs", "morphing", "turns into", "transforms into", "travel from",
    "journey through", "in sequence", "in a row", "in order",
)  # fmt: skip

STATURES_M: dict[str, float] = {
    "person": 1.7, "people": 1.7, "man": 1.75, "woman": 1.65, "girl": 1.5, "boy": 1.5, "child": 1.1, "kid": 1.1,
    "baby": 0.7, "toddler": 0.8, "lady": 1.65, "guy": 1.75, "astronaut": 1.8, "dancer": 1.7, "bride": 1.7, "groom":
    1.8,
    "friend": 1.7, "mother": 1.65, "father": 1.75, "mom": 1.65, "dad": 1.75, "couple": 1.75, "character": 1.6,
    "robot": 1.6, "knight": 1.8, "doll": 0.4, "toy": 0.3, "figurine": 0.3, "teddy": 0.4,
    "cat": 0.35, "kitten": 0.2, "dog": 0.6, "puppy": 0.3, "horse": 1.9, "pony": 1.3, "cow": 1.6, "sheep": 0.9, "goat":
    0.9,
    "pig": 0.8, "bird": 0.25, "parrot": 0.35, "duck": 0.4, "chicken": 0.45, "rabbit": 0.3, "fox": 0.5, "wolf": 0.9,
    "bear": 1.6, "lion": 1.2, "tiger": 1.1, "cheetah": 0.9, "leopard": 0.8, "elephant": 3.0, "giraffe": 5.0, "deer":
    1.3,
    "raccoon": 0.4, "squirrel": 0.25, "mouse": 0.08, "frog": 0.1, "fish": 0.3, "butterfly": 0.08, "penguin": 0.8,
    "dinosaur": 5.0, "dragon": 4.0, "monkey": 0.7, "panda": 1.2,
    "car": 1.5, "bus": 3.0, "truck": 3.0, "motorcycle": 1.15, "motorbike": 1.15, "bicycle": 1.1, "bike": 1.1,
    "scooter": 1.1, "boat": 2.5, "ship": 8.0, "plane": 5.0, "airplane": 5.0, "rocket": 12.0, "train": 4.0,
    "cup": 0.1, "mug": 0.1, "coffee": 0.1, "tea": 0.1, "glass": 0.15, "bottle": 0.3, "bag": 0.35, "handbag": 0.3,
    "backpack": 0.5, "shoe": 0.15, "sneaker": 0.15, "hat": 0.2, "watch": 0.05, "phone": 0.15, "laptop": 0.3, "camera":
    0.15,
    "book": 0.25, "ball": 0.22, "guitar": 1.0, "piano": 1.4, "lamp": 0.6, "chair": 0.9, "sofa": 0.9, "table": 0.75,
    "cake": 0.25, "pizza": 0.1, "burger": 0.12, "apple": 0.08, "vase": 0.35, "perfume": 0.12, "product": 0.25, "box":
    0.4,
    "tree": 6.0, "flower": 0.4, "plant": 0.6, "cactus": 1.0, "dandelion": 0.4, "rose": 0.4, "sunflower": 1.2,
    "house": 6.0, "tower": 20.0, "temple": 12.0, "pagoda": 15.0, "statue": 3.0, "castle": 20.0,
}  # fmt: skip
"""Usual heights, for how large things are beside each other."""
