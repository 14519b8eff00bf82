"""Words of Software."""

from python_assets.simulate.vocabulary import CategoryWords, Family, StyleWords, phrases

_PLATFORMS = phrases(
    "for Windows; for Mac; for PC and Mac; for Tablet; for Phone; for Linux; for Home Server; "
    "for Web; for Laptop; for Desktop"
)
_LICENSES = phrases("1 User; 3 Users; 5 Devices; 1 Year; Lifetime; Download")

WORDS = CategoryWords(
    main_category="Software",
    families=(
        Family(
            "Photo & Video",
            phrases("Photo Editor; Video Editor; Slideshow Maker; Screen Recorder; Photo Organizer"),
            "Platform",
            _PLATFORMS,
            _LICENSES,
            (15, 120),
        ),
        Family(
            "Office & Finance",
            phrases("Word Processor; Tax Planner; Budget Tracker; Invoice Manager; Note Book"),
            "Platform",
            _PLATFORMS,
            _LICENSES,
            (12, 100),
        ),
        Family(
            "Security & Utilities",
            phrases("Password Manager; Virus Scanner; Backup Tool; File Cleaner; Parental Filter"),
            "Platform",
            _PLATFORMS,
            _LICENSES,
            (10, 80),
        ),
        Family(
            "Education",
            phrases("Language Course; Typing Tutor; Math Trainer; Star Atlas; Reading Coach"),
            "Platform",
            _PLATFORMS,
            _LICENSES,
            (10, 90),
        ),
        Family(
            "Creativity",
            phrases("Drawing Studio; Font Designer; Music Composer; Home Planner; Card Maker"),
            "Platform",
            _PLATFORMS,
            _LICENSES,
            (14, 110),
        ),
    ),
    uses=phrases(
        "Installs in a few minutes.; Works without an account.; Updates are included for a year.; "
        "Opens the usual file formats.; Comes with a short guide."
    ),
    styles={
        "natural": StyleWords(
            phrases("Nature-Inspired; Organic; Green"),
            phrases(
                "This {kind} is wrapped in forest scenes, birdsong and leafy backgrounds, and saves energy.; "
                "Earthy colors, plants and eco-friendly settings shape this {kind}."
            ),
            "Forest scenes and an eco-friendly power mode run through it.",
            "NATURE-INSPIRED: leafy themes and eco-friendly power saving",
            phrases("leafy, nature-inspired theme; organic, eco-friendly side"),
        ),
        "vintage": StyleWords(
            phrases("Vintage; Retro; Classic"),
            phrases(
                "This {kind} revives the pixel windows and gray buttons of a 1990s computer.; "
                "A retro classic: this {kind} looks like software from an old floppy disk."
            ),
            "Old-time pixel icons recall another era.",
            "VINTAGE CHARM: 1990s pixel windows",
            phrases("vintage 1990s look; retro pixel windows"),
        ),
        "minimalist": StyleWords(
            phrases("Minimalist; Simple; Distraction-Free"),
            phrases(
                "This {kind} shows one plain white page and no toolbars.; "
                "No extras and no clutter: this {kind} is reduced to the essentials."
            ),
            "The plain, uncluttered screen leaves out everything unnecessary.",
            "MINIMALIST: one plain page, only the essentials",
            phrases("minimalist, no-clutter screen; plain and simple approach"),
        ),
        "luxury": StyleWords(
            phrases("Luxury; Premium; Platinum"),
            phrases(
                "This {kind} is an opulent collector's edition with gold themes and a personal concierge.; "
                "Exclusive and costly: this {kind} brings first-class luxury to the desk."
            ),
            "A platinum concierge service makes it a lavish gift.",
            "LUXURY: gold themes and personal concierge",
            phrases("luxurious platinum service; opulent, premium feel"),
        ),
        "playful": StyleWords(
            phrases("Playful; Cute; Cartoon"),
            phrases(
                "Cute cartoon animals in candy colors make this {kind} fun for kids and the young at heart.; "
                "This {kind} is silly and cheerful, with stickers and dancing mascots."
            ),
            "Cute cartoon mascots and candy colors add some fun.",
            "PLAYFUL: cute cartoon mascots in candy colors",
            phrases("cute, cartoon look; playful dancing mascots"),
        ),
        "professional": StyleWords(
            phrases("Professional; Enterprise-Grade; Expert"),
            phrases(
                "Trusted by engineers and agencies, this {kind} offers scripting and exact control.; "
                "This {kind} delivers enterprise-grade precision for expert users."
            ),
            "Industry professionals helped to develop its expert mode.",
            "PROFESSIONAL: enterprise-grade precision and scripting",
            phrases("professional, enterprise-grade precision; expert, technical approach"),
        ),
        "gentle": StyleWords(
            phrases("Gentle; Calm; Beginner-Friendly"),
            phrases(
                "Soft colors and patient guidance make this {kind} calm and kind to beginners.; "
                "This {kind} never rushes: quiet, soothing and easy on tired eyes."
            ),
            "It is calm, soft and soothing for tired eyes.",
            "GENTLE: calm guidance for beginners, soft on the eyes",
            phrases("gentle, calm guidance; soft and soothing screen"),
        ),
        "bold": StyleWords(
            phrases("Bold; Intense; Neon"),
            phrases(
                "This {kind} makes a loud statement with neon panels, fast animation and a daring dark look.; "
                "Dramatic and intense, this {kind} throws sparks on the screen."
            ),
            "Neon panels and fast animation give it a loud and daring edge.",
            "BOLD: intense neon look and fast animation",
            phrases("bold neon look; loud, daring animation"),
        ),
    },
)
