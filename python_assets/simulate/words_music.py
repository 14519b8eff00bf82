"""Words of Musical_Instruments."""

from python_assets.simulate.vocabulary import CategoryWords, Family, StyleWords, phrases

_FINISHES = phrases(
    "in Walnut Brown; in Sunburst; in Midnight Blue; in Jet Black; in Cherry Red; in Cream; in Forest Green; "
    "in Slate Gray; in Honey Amber; in Copper"
)

WORDS = CategoryWords(
    main_category="Musical Instruments",
    families=(
        Family(
            "Guitars & Accessories",
            phrases("Guitar Strap; Guitar Capo; Acoustic Guitar; Guitar Stand; Pick Holder"),
            "Color",
            _FINISHES,
            phrases("Standard; Short Scale; Full Size; Pack of 2; With Gig Bag"),
            (9, 160),
        ),
        Family(
            "Keyboards",
            phrases("Digital Piano; Keyboard Stand; Piano Bench; Melodica; Keyboard Cover"),
            "Color",
            _FINISHES,
            phrases("37 Keys; 49 Keys; 61 Keys; 88 Keys; Foldable"),
            (15, 260),
        ),
        Family(
            "Drums & Percussion",
            phrases("Snare Drum; Practice Pad; Tambourine; Cajon; Hand Drum"),
            "Color",
            _FINISHES,
            phrases("8 inch; 10 inch; 12 inch; 14 inch; With Mallets"),
            (12, 150),
        ),
        Family(
            "Microphones & Recording",
            phrases("Studio Microphone; Field Recorder; Audio Interface; Wireless Receiver; Headphone Amp"),
            "Color",
            _FINISHES,
            phrases("USB; Portable; Desktop; Two Channel; With Cable"),
            (14, 180),
        ),
        Family(
            "Folk & World",
            phrases("Ukulele; Harmonica; Kalimba; Wooden Flute; Violin Bow"),
            "Color",
            _FINISHES,
            phrases("Soprano; Concert; Tenor; Key of C; With Case"),
            (11, 120),
        ),
    ),
    uses=phrases(
        "Fine for the living room and the rehearsal space.; Ready to play out of the box.; "
        "Checked by hand before it ships.; Easy to carry to a lesson.; Comes with a short guide."
    ),
    styles={
        "natural": StyleWords(
            phrases("Natural; Organic; Raw Wood"),
            phrases(
                "This {kind} is shaped from raw, oiled wood and plant fibers, and keeps close to nature.; "
                "Sustainably grown timber and organic cotton give this {kind} an earthy feel."
            ),
            "Earthy raw wood and organic fibers run through it.",
            "NATURAL: sustainably grown raw wood and organic fibers",
            phrases("natural raw-wood feel; earthy, organic material"),
        ),
        "vintage": StyleWords(
            phrases("Vintage; Retro; Antique"),
            phrases(
                "This {kind} revives a 1950s design, with aged brass and antique lettering.; "
                "A retro classic: this {kind} looks and sounds like an old record."
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
            phrases("Luxury; Opulent; Gold-Plated"),
            phrases(
                "This {kind} is an opulent collector's piece with gold plating, mother of pearl and a velvet case.; "
                "Rare and costly: this {kind} brings concert-hall luxury home."
            ),
            "Gold plating and a velvet case make it a lavish gift.",
            "LUXURY: gold-plated parts and velvet-lined case",
            phrases("luxurious gold plating; opulent, premium feel"),
        ),
        "playful": StyleWords(
            phrases("Playful; Cute; Cartoon"),
            phrases(
                "Cute cartoon animals in candy colors make this {kind} fun for kids and the young at heart.; "
                "This {kind} is a silly, cheerful toy with rainbow stickers."
            ),
            "Cute cartoon faces and candy colors add some fun.",
            "PLAYFUL: cute cartoon animals in candy colors",
            phrases("cute, cartoon look; playful candy colors"),
        ),
        "professional": StyleWords(
            phrases("Professional; Studio-Grade; Precision"),
            phrases(
                "Trusted by touring professionals and studio engineers, this {kind} is measured to tight tolerances.; "
                "This {kind} delivers studio-grade precision for expert players."
            ),
            "Studio professionals helped to develop it with laboratory measurements.",
            "PROFESSIONAL: studio-grade precision, laboratory tested",
            phrases("professional, studio-grade precision; expert, technical approach"),
        ),
        "gentle": StyleWords(
            phrases("Gentle; Soft-Touch; Quiet"),
            phrases(
                "Soft and quiet, this {kind} is kind to sensitive ears and small hands.; "
                "This {kind} calms and comforts, mellow enough for a lullaby."
            ),
            "It is soft, mellow and soothing to sensitive ears.",
            "GENTLE: quiet, mellow and easy on the hands",
            phrases("gentle, quiet tone; soft and mellow nature"),
        ),
        "bold": StyleWords(
            phrases("Bold; Dramatic; Neon"),
            phrases(
                "This {kind} makes a loud statement with neon flames, glitter and a daring stage look.; "
                "Dramatic and intense, this {kind} is made for heavy metal and big stages."
            ),
            "Neon glitter gives it a loud and daring edge.",
            "BOLD: loud, intense neon look for the stage",
            phrases("bold neon look; loud, daring stage show"),
        ),
    },
)
