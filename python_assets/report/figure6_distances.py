"""Figure 6: how far each persona lies from its own seed user."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from python_assets.report.clouds import Distances
from python_assets.report.data import ReportData
from python_assets.report.formats import decimal
from python_assets.report.rows import blocks_of, legend, no_value, panel_grid
from python_assets.report.style import COLOURS, INK, RC, Drawing, to_svg

NAME = "figure6"
TITLE = "Distance between a persona and its seed user"
HOW = (
    "Each hill is a population's distribution of cosine distances between a persona and the real user it was made "
    "from (0 is the same place); the tick is the median. The dashed line is the mean distance between two "
    "different seed users: a hill that does not lie well to its left is no closer to its own seed user than to "
    "anyone's."
)
BINS = 36


def draw(data: ReportData, distances: list[Distances]) -> Drawing:
    """One panel a split and instrument."""
    if not any(len(d.values) for d in distances):
        return Drawing(NAME, TITLE, HOW, "There is nothing to draw: no placed persona has a seed user.")
    sources = {row["population"]: row["source"] for row in data.fidelity}
    labels = [
        {"population": d.population, "split": d.split, "source": sources.get(d.population, "persona")}
        for d in distances
    ]
    blocks = blocks_of(labels, data)
    instruments = [name for name in data.instrument_names if any(d.instrument == name for d in distances)]
    headings = [f"instrument {name}" for name in instruments]
    figure, panels = panel_grid(blocks, headings, sharex="all")
    found = {(d.split, d.instrument, d.population): d.values for d in distances}
    apart = {(b.title, name): _between_seeds(data, b.title, name) for b in blocks for name in instruments}
    # The line belongs into the picture: hills well to its left are what a good population looks like.
    furthest = [float(np.max(d.values)) for d in distances if len(d.values)] + [
        x for x in apart.values() if x is not None
    ]
    right = min(2.0, max(furthest) * 1.05 + 0.02)
    edges = np.linspace(0, right, BINS + 1)
    with mpl.rc_context(RC):
        for block, row in zip(blocks, panels, strict=True):
            for instrument, axes in zip(instruments, row, strict=True):
                for y, population in enumerate(block.populations):
                    values = found.get((block.title, instrument, population.name))
                    if values is None or len(values) == 0:
                        no_value(axes, y)
                    else:
                        _hill(axes, y, values, edges, COLOURS[population.kind])
                if (line := apart[block.title, instrument]) is not None:
                    axes.axvline(line, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
        panels[0][0].set_xlim(0, right)
        legend(figure, [p for block in blocks for p in block.populations], [])
    return Drawing(NAME, TITLE, HOW, _seen(data), to_svg(figure, name=NAME, label=f"Figure 6. {TITLE}. {_seen(data)}"))


def _hill(axes: Axes, y: int, values: np.ndarray, edges: np.ndarray, colour: str) -> None:
    heights, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    top = 0.8 * heights / max(heights.max(), 1)
    base = y + 0.4
    axes.stairs(base - top, edges, baseline=base, fill=True, facecolor=colour, alpha=0.55, edgecolor="none")
    axes.plot(edges[[0, -1]], [base, base], color=colour, linewidth=0.6)
    axes.plot([np.median(values)] * 2, [base, base - 0.8], color=INK, linewidth=1.4)


def _between_seeds(data: ReportData, split: str, instrument: str) -> float | None:
    """Mean over populations, each counted by its personas: the few of a small one lie close together, or not, by chance."""
    rows = [
        row
        for row in data.fidelity
        if row["split"] == split and row["instrument"] == instrument and row["matched_real_cos_mean"] is not None
    ]
    if not rows:
        return None
    n_placed = [row["n_personas"] - row["n_unplaceable"] for row in rows]
    return 1 - float(np.average([row["matched_real_cos_mean"] for row in rows], weights=n_placed))


def _seen(data: ReportData) -> str:
    rows = [row for row in data.fidelity if row["source"] == "persona" and row["pair_cosine_distance"] is not None]
    if not rows:
        return "Only controls are drawn: no persona population has seed users and places."
    near, far = (choose(rows, key=lambda row: row["pair_cosine_distance"]) for choose in (min, max))
    if near is far:
        return f"{near['population']} lies {decimal(near['pair_cosine_distance'], 2)} from its seed users on average."
    return (
        f"On average {near['population']} lies closest to its seed users "
        f"({decimal(near['pair_cosine_distance'], 2)}, {near['split']}, {near['instrument']}), {far['population']} "
        f"furthest ({decimal(far['pair_cosine_distance'], 2)}, {far['split']}, {far['instrument']})."
    )
