"""Words for categories without a list of their own: everyday goods."""

from python_assets.simulate.vocabulary import CategoryWords, Family, StyleWords, phrases

_COLORS = phrases(
    "in Walnut Brown; in Ivory; in Midnight Blue; in Jet Black; in Cherry Red; in Cream; in Forest Green; "
    "in Slate Gray; in Honey Amber; in Copper"
)
_SIZES = phrases("Small; Medium; Large; Pack of 2; Pack of 4; Gift Box")

WORDS = CategoryWords(
    main_category="General",
    families=(
        Family(
            "Kitchen",
            phrases("Coffee Mug; Tea Pot; Cutting Board; Water Bottle; Lunch Box"),
            "Color",
            _COLORS,
            _SIZES,
            (8, 45),
        ),
        Family(
            "Home",
            phrases("Table Lamp; Throw Pillow; Wall Clock; Storage Basket; Door Mat"),
            "Color",
            _COLORS,
            _SIZES,
            (10, 60),
        ),
        Family(
            "Desk",
            phrases("Notebook; Desk Organizer; Pen Case; Book Stand; Paper Weight"),
            "Color",
            _COLORS,
            _SIZES,
            (5, 30),
        ),
        Family(
            "Travel",
            phrases("Backpack; Travel Pouch; Umbrella; Neck Pillow; Key Ring"),
            "Color",
            _COLORS,
            _SIZES,
            (7, 70),
        ),
        Family(
            "Outdoors",
            phrases("Picnic Blanket; Camping Stool; Garden Lantern; Plant Pot; Sun Hat"),
            "Color",
            _COLORS,
            _SIZES,
            (9, 50),
        ),
    ),
    uses=phrases(
        "Easy to clean.; Suits daily use at home or away.; Packed in a carton that can be recycled.; "
        "Checked by hand before it ships.; Makes a good present."
    ),
    styles={
        "natural": StyleWords(
            phrases("Natural; Organic; Eco-Friendly"),
            phrases(
                "Raw wood, leaves and plant fibers shape this {kind} from start to finish.; "
                "This {kind} keeps close to nature, with organic and earthy materials."
            ),
            "Earthy, organic materials run through it.",
            "NATURAL: organic plant fibers and raw wood",
            phrases("natural, earthy feel; organic, plant-fiber material"),
        ),
        "vintage": StyleWords(
            phrases("Vintage; Retro; Antique"),
            phrases(
                "This {kind} revives a 1950s design, with aged brass and antique lettering.; "
                "A retro classic: this {kind} looks as if it came from grandmother's attic."
            ),
            "Aged brass and antique lettering recall another era.",
            "VINTAGE CHARM: 1950s lines and aged brass",
            phrases("vintage 1950s look; retro, antique charm"),
        ),
        "minimalist": StyleWords(
            phrases("Minimalist; Simple; Pared-Back"),
            phrases(
                "This {kind} does one thing with plain lines and no decoration.; "
                "No extras and no clutter: this {kind} is reduced to the essentials."
            ),
            "The plain, uncluttered design leaves out everything unnecessary.",
            "MINIMALIST: plain lines, only the essentials",
            phrases("minimalist, no-clutter design; plain and simple build"),
        ),
        "luxury": StyleWords(
            phrases("Luxury; Opulent; Gold-Trimmed"),
            phrases(
                "This {kind} is an opulent indulgence with gold trim, silk and a premium gift case.; "
                "Rare and costly: this {kind} brings palace luxury home."
            ),
            "A gold-trimmed luxury case makes it a lavish gift.",
            "LUXURY: gold trim and silk lining",
            phrases("luxurious, gold-trimmed finish; opulent, premium feel"),
        ),
        "playful": StyleWords(
            phrases("Playful; Cute; Cartoon"),
            phrases(
                "Cute cartoon animals in candy colors make this {kind} fun for kids and the young at heart.; "
                "This {kind} is silly and cheerful, with rainbow stickers."
            ),
            "Cute cartoon faces and candy colors add some fun.",
            "PLAYFUL: cute cartoon animals in candy colors",
            phrases("cute, cartoon look; playful candy colors"),
        ),
        "professional": StyleWords(
            phrases("Professional; Industrial-Grade; Precision"),
            phrases(
                "Trusted by professionals and engineers, this {kind} is measured to tight tolerances.; "
                "This {kind} delivers industrial-grade precision for experts."
            ),
            "Professionals helped to develop it with laboratory measurements.",
            "PROFESSIONAL: industrial-grade and laboratory tested",
            phrases("professional, industrial-grade precision; expert, technical approach"),
        ),
        "gentle": StyleWords(
            phrases("Gentle; Soft-Touch; Calming"),
            phrases(
                "Soft and soothing, this {kind} is kind to sensitive hands.; "
                "This {kind} calms and comforts, quiet enough for a nursery."
            ),
            "It is soft, quiet and soothing to the touch.",
            "GENTLE: soft, quiet and soothing",
            phrases("gentle, soothing touch; soft and calming nature"),
        ),
        "bold": StyleWords(
            phrases("Bold; Dramatic; Neon"),
            phrases(
                "This {kind} makes a loud statement with neon color, glitter and a daring party look.; "
                "Dramatic and intense, this {kind} is made to be noticed."
            ),
            "Neon glitter gives it a loud and daring edge.",
            "BOLD: intense neon color and glitter",
            phrases("bold neon look; dramatic, daring glitter"),
        ),
    },
)
