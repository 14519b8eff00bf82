"""Words of Video_Games."""

from python_assets.simulate.vocabulary import CategoryWords, Family, StyleWords, phrases

_PLATFORMS = phrases(
    "for PC; for Console; for Handheld; for Mac; for Two Players; for Four Players; for VR; "
    "for TV; for Tablet; for Arcade"
)
_EDITIONS = phrases("Standard Edition; Complete Edition; Season One; Volume 2; Download; Gift Edition")

WORDS = CategoryWords(
    main_category="Video Games",
    families=(
        Family(
            "Adventure",
            phrases("Adventure Game; Mystery Game; Exploration Game; Island Game; Treasure Game"),
            "Platform",
            _PLATFORMS,
            _EDITIONS,
            (10, 60),
        ),
        Family(
            "Puzzle & Cards",
            phrases("Puzzle Game; Card Game; Word Game; Board Game; Maze Game"),
            "Platform",
            _PLATFORMS,
            _EDITIONS,
            (8, 40),
        ),
        Family(
            "Sports & Racing",
            phrases("Racing Game; Soccer Game; Tennis Game; Skating Game; Flight Game"),
            "Platform",
            _PLATFORMS,
            _EDITIONS,
            (12, 65),
        ),
        Family(
            "Strategy & Building",
            phrases("Strategy Game; City Builder; Farm Simulator; Railway Game; Tower Defense"),
            "Platform",
            _PLATFORMS,
            _EDITIONS,
            (12, 60),
        ),
        Family(
            "Accessories",
            phrases("Game Controller; Gaming Headset; Charging Dock; Carrying Case; Gaming Mouse"),
            "Color",
            phrases("in Black; in White; in Red; in Blue; in Gray; in Green; in Purple; in Orange"),
            phrases("Wireless; Wired; Compact; Full Size; Pack of 2; With Cable"),
            (12, 70),
        ),
    ),
    uses=phrases(
        "Good for an evening alone or with friends.; Ready in a minute.; Includes a short guide.; "
        "Plays well on the couch.; Free updates are included."
    ),
    styles={
        "natural": StyleWords(
            phrases("Nature; Wild; Woodland"),
            phrases(
                "Forests, rivers, animals and gardens shape this {kind} from start to finish.; "
                "This {kind} keeps close to nature, with wild plants and earthy woodland art."
            ),
            "Woodland scenes and wild plants run through it.",
            "NATURE: forests, gardens and wild animals",
            phrases("woodland, wild-nature theme; earthy forest art"),
        ),
        "vintage": StyleWords(
            phrases("Vintage; Retro; 8-Bit"),
            phrases(
                "This {kind} revives the pixel art and chip tunes of a 1980s arcade.; "
                "A retro classic: this {kind} looks like it came out of an old cartridge."
            ),
            "Old-time pixel art recalls another era.",
            "VINTAGE CHARM: 1980s pixel art and chip tunes",
            phrases("vintage 1980s look; retro pixel art"),
        ),
        "minimalist": StyleWords(
            phrases("Minimalist; Simple; Abstract"),
            phrases(
                "This {kind} uses plain shapes, one button and an empty white screen.; "
                "No extras and no clutter: this {kind} is reduced to the essentials."
            ),
            "The plain, uncluttered design leaves out everything unnecessary.",
            "MINIMALIST: plain shapes, only the essentials",
            phrases("minimalist, no-clutter design; plain and simple approach"),
        ),
        "luxury": StyleWords(
            phrases("Luxury; Collector's; Gold"),
            phrases(
                "This {kind} is an opulent collector's item with a gold-plated coin and a velvet box.; "
                "Rare and costly: this {kind} brings palace luxury to the living room."
            ),
            "A gold-plated coin and a velvet box make it a lavish gift.",
            "LUXURY: gold-plated coin in a velvet box",
            phrases("luxurious golden box; opulent, premium feel"),
        ),
        "playful": StyleWords(
            phrases("Playful; Cute; Cartoon"),
            phrases(
                "Cute cartoon animals in candy colors make this {kind} fun for kids and the young at heart.; "
                "This {kind} is silly and cheerful, with jokes and dancing mascots."
            ),
            "Cute cartoon mascots and candy colors add some fun.",
            "PLAYFUL: cute cartoon mascots in candy colors",
            phrases("cute, cartoon look; playful dancing mascots"),
        ),
        "professional": StyleWords(
            phrases("Pro; Tournament-Grade; Expert"),
            phrases(
                "Trusted by esports professionals, this {kind} rewards precision and long training.; "
                "This {kind} delivers tournament-grade accuracy for expert players."
            ),
            "Esports professionals helped to develop its expert mode.",
            "PROFESSIONAL: tournament-grade precision for experts",
            phrases("professional, tournament-grade precision; expert, technical approach"),
        ),
        "gentle": StyleWords(
            phrases("Cozy; Gentle; Relaxing"),
            phrases(
                "Soft music and an easy pace make this {kind} calm and soothing after a long day.; "
                "This {kind} never rushes: cozy, quiet and kind to beginners."
            ),
            "It is calm, soft and soothing in the evening.",
            "GENTLE: cozy, calm and easy-paced",
            phrases("gentle, cozy mood; soft and soothing pace"),
        ),
        "bold": StyleWords(
            phrases("Bold; Intense; Neon"),
            phrases(
                "This {kind} makes a loud statement with neon explosions, speed and a daring look.; "
                "Dramatic and intense, this {kind} is made for adrenaline and big screens."
            ),
            "Neon lights and explosions give it a loud and daring edge.",
            "BOLD: intense neon action at full speed",
            phrases("bold neon look; loud, daring action"),
        ),
    },
)
