"""How figures look, and how one becomes inline SVG whose colours and fonts follow the page's style sheet."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from python_assets.report.names import Kind

# Stand-ins that are replaced by the page's custom properties, so that one drawing serves light and dark.
INK, MUTED, RULE, PAPER = "#010203", "#5a5b5c", "#dadbdc", "#fefdfc"
COLOURS: dict[Kind, str] = {"real": "#6a6b6c", "persona": "#d55e01", "control": "#019e74", "synthetic": "#0172b3"}
MARKERS: dict[Kind, str] = {"real": "D", "persona": "o", "control": "s", "synthetic": "^"}
_VARIABLES = {INK: "--ink", MUTED: "--muted", RULE: "--rule", PAPER: "--paper"} | {
    colour: f"--{kind}" for kind, colour in COLOURS.items()
}
WIDTH = 9.4
ROW = 0.25

RC: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "text.color": INK,
    "axes.titlecolor": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "ytick.major.size": 0,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    # Names come from data: a dollar sign must not start a formula.
    "text.parse_math": False,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Drawing:
    """One figure of the page. ``svg`` is None when there was nothing to draw, and ``seen`` then says why."""

    name: str
    title: str
    how_to_read: str
    seen: str
    svg: Markup | None = None


def new_figure(width: float, height: float) -> Figure:
    """A figure outside pyplot's global list, in inches."""
    engine = ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06, hspace=0.02, wspace=0.02)
    figure = Figure(figsize=(width, height), layout=engine, facecolor="none")
    return figure


def bare(axes: Axes, *, keep_left: bool = False) -> None:
    """Take away the box around the data."""
    for side in ("top", "right") if keep_left else ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def to_svg(figure: Figure, *, name: str, label: str) -> Markup:
    """Render as an ``<svg>`` element for the middle of an HTML page.

    Args:
        figure: The drawing.
        name: Makes the ids unique on the page and repeatable between runs.
        label: What a screen reader says in place of the picture.
    """
    buffer = io.StringIO()
    with mpl.rc_context(RC | {"svg.hashsalt": name}), warnings.catch_warnings():
        # A name in another script only changes the room kept for it: the reader's browser draws the text.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    opening, body = text.split(">", 1)
    box = re.search(r'viewBox="([^"]+)"', opening)
    assert box is not None
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'style="[^"<>]*"', _page_font, body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    # All figures at one scale, so that their text has one size.
    share = min(100.0, 100 * figure.get_figwidth() / WIDTH)
    size = f'style="max-width: {share:.0f}%; min-width: {7 * share:.0f}px" viewBox="{box.group(1)}"'
    return Markup(f'<svg class="plot" {size} role="img" aria-label="{escape(label)}">{body}')


def _page_font(style: re.Match[str]) -> str:
    text = re.sub(r"(font: [^;]*?px )[^;\"]*", r"\1var(--sans)", style.group(0))
    return re.sub(r"font-family:[^;\"]*", "font-family: var(--sans)", text)
