"""Words of All_Beauty."""

from python_assets.simulate.vocabulary import CategoryWords, Family, StyleWords, phrases

_SCENTS = phrases(
    "with Aloe; with Rosewater; with Green Tea; with Honey; with Oat Milk; with Shea Butter; with Sea Salt; "
    "with Almond; with Coconut; with Lavender"
)
_SHADES = phrases(
    "in Dusty Rose; in Coral; in Plum; in Warm Sand; in Cherry; in Bronze; in Berry; in Soft Peach; in Ivory; in Slate"
)
_VOLUMES = phrases("2 oz; 4 oz; 8 oz; 12 oz; Pack of 2; Travel Size")

WORDS = CategoryWords(
    main_category="All Beauty",
    families=(
        Family(
            "Skin Care",
            phrases("Face Mist; Day Cream; Night Serum; Cleansing Balm; Clay Mask"),
            "Scent",
            _SCENTS,
            _VOLUMES,
            (8, 40),
        ),
        Family(
            "Hair Care",
            phrases("Shampoo; Conditioner; Hair Oil; Styling Cream; Scalp Scrub"),
            "Scent",
            _SCENTS,
            _VOLUMES,
            (6, 30),
        ),
        Family(
            "Bath & Body",
            phrases("Soap Bar; Bath Soak; Body Wash; Hand Cream; Body Scrub"),
            "Scent",
            _SCENTS,
            _VOLUMES,
            (5, 25),
        ),
        Family(
            "Makeup",
            phrases("Lip Tint; Eyeshadow Palette; Cream Blush; Mascara; Nail Polish"),
            "Color",
            _SHADES,
            phrases("Single; Set of 2; Set of 3; Mini; Full Size; Refill"),
            (6, 35),
        ),
        Family(
            "Tools & Accessories",
            phrases("Hair Brush; Makeup Mirror; Cosmetic Bag; Manicure Kit; Facial Roller"),
            "Color",
            _SHADES,
            phrases("Small; Medium; Large; Pocket Size; Pack of 2; With Pouch"),
            (7, 45),
        ),
    ),
    uses=phrases(
        "Use it morning and evening.; A small amount goes a long way.; Fits easily in a bathroom drawer.; "
        "Suits daily use at home or away.; Packed in a carton that can be recycled."
    ),
    styles={
        "natural": StyleWords(
            phrases("Herbal; Botanical; Plant-Based"),
            phrases(
                "Garden herbs, leaves and plant-based materials shape this {kind} from start to finish.; "
                "This {kind} keeps close to nature, with wild herbs and organic botanicals."
            ),
            "Herbal notes and organic botanicals run through it.",
            "HERBAL AND ORGANIC: botanicals and plant-based materials only",
            phrases("herbal, plant-based side; organic, botanical character"),
        ),
        "vintage": StyleWords(
            phrases("Vintage; Retro; Old-Fashioned"),
            phrases(
                "This {kind} revives a 1920s apothecary design, down to the antique label.; "
                "A retro classic: this {kind} looks as if it came from grandmother's dressing table."
            ),
            "Its antique, old-time packaging recalls another century.",
            "VINTAGE CHARM: antique label and old-time tin",
            phrases("vintage, old-time charm; retro, antique packaging"),
        ),
        "minimalist": StyleWords(
            phrases("Minimalist; Simple; Pared-Back"),
            phrases(
                "This {kind} does one thing with very few ingredients and a plain white pack.; "
                "No extras and no clutter: this {kind} is reduced to the essentials."
            ),
            "The plain, uncluttered design leaves out everything unnecessary.",
            "MINIMALIST: only the essentials, in a plain white pack",
            phrases("minimalist, no-clutter design; plain and simple approach"),
        ),
        "luxury": StyleWords(
            phrases("Luxury; Opulent; Gold-Trimmed"),
            phrases(
                "This {kind} is an opulent indulgence with gold trim, silk ribbon and a premium gift case.; "
                "Rare and costly: this {kind} brings five-star spa luxury home."
            ),
            "A gold-trimmed luxury case makes it a lavish gift.",
            "LUXURY: gold-trimmed case with silk ribbon",
            phrases("luxurious, gold-trimmed finish; opulent, premium feel"),
        ),
        "playful": StyleWords(
            phrases("Playful; Cute; Cartoon"),
            phrases(
                "Cute cartoon animals in candy colors make this {kind} fun for kids and the young at heart.; "
                "This {kind} is a silly, cheerful treat with kawaii stickers."
            ),
            "Cute cartoon faces and candy colors add some fun.",
            "PLAYFUL: cute cartoon animals in candy colors",
            phrases("cute, cartoon look; playful candy colors"),
        ),
        "professional": StyleWords(
            phrases("Professional; Salon-Grade; Clinical"),
            phrases(
                "Trusted by salon professionals and dermatologists, this {kind} is tested in the clinic.; "
                "This {kind} delivers salon-grade, clinically measured results for experts."
            ),
            "Salon professionals helped to develop it in clinical tests.",
            "PROFESSIONAL: salon-grade and clinically tested",
            phrases("professional, salon-grade performance; clinical, expert approach"),
        ),
        "gentle": StyleWords(
            phrases("Gentle; Soothing; Calming"),
            phrases(
                "Soft and soothing, this {kind} is kind to sensitive and irritated skin.; "
                "This {kind} calms and comforts, mild enough for a baby."
            ),
            "It is mild, soft and soothing for sensitive people.",
            "GENTLE: soothing and mild, for sensitive skin",
            phrases("gentle, soothing touch; mild and calming nature"),
        ),
        "bold": StyleWords(
            phrases("Bold; Dramatic; Neon"),
            phrases(
                "This {kind} makes a loud statement with neon color, glitter and a daring party look.; "
                "Dramatic and intense, this {kind} is made to be noticed on the dance floor."
            ),
            "Neon glitter gives it a loud and daring edge.",
            "BOLD: intense neon color and glitter for parties",
            phrases("bold neon look; dramatic, daring glitter"),
        ),
    },
)
