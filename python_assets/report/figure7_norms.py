"""Figure 7: how far out personas lie, compared with real users."""

from __future__ import annotations

import matplotlib as mpl

from python_assets.report.data import ReportData
from python_assets.report.formats import decimal
from python_assets.report.rows import blocks_of, legend, mark, no_value, panel_grid
from python_assets.report.style import INK, RC, Drawing, to_svg

NAME = "figure7"
TITLE = "Norm ratio"
HOW = (
    "The mean length of a population's embeddings over the mean length of the real users'. The line at 1 is the "
    "real users; left of it the population is pulled towards the middle, where tastes average out."
)


def draw(data: ReportData) -> Drawing:
    """The figure over all splits."""
    # The ignorant rater is scored as a crowd only: it has no personas whose norms could be compared.
    rows = [row for row in data.fidelity if row["n_personas"] is not None]
    values = {(r["split"], r["population"], r["instrument"]): r["norm_ratio"] for r in rows}
    blocks = blocks_of(rows, data)
    finite = [value for value in values.values() if value is not None]
    if not finite:
        return Drawing(NAME, TITLE, HOW, "There is nothing to draw: no population has a norm ratio.")
    instruments = data.instrument_names
    figure, panels = panel_grid(blocks, ["Mean norm, real users = 1"])
    with mpl.rc_context(RC):
        for block, (axes,) in zip(blocks, panels, strict=True):
            axes.axvline(1, color=INK, linewidth=0.9)
            for y, population in enumerate(block.populations):
                found = [values.get((block.title, population.name, name)) for name in instruments]
                for i, value in enumerate(found):
                    if value is not None:
                        mark(axes, value, y, population, instrument=i)
                if all(value is None for value in found):
                    no_value(axes, y)
        panels[0][0].set_xlim(min(0.5, *finite, 1) - 0.05, max(1.1, *finite) + 0.05)
        legend(figure, [p for block in blocks for p in block.populations], instruments)
    return Drawing(NAME, TITLE, HOW, _seen(data), to_svg(figure, name=NAME, label=f"Figure 7. {TITLE}. {_seen(data)}"))


def _seen(data: ReportData) -> str:
    ratios = [r["norm_ratio"] for r in data.fidelity if r["source"] == "persona" and r["norm_ratio"] is not None]
    perfect = [r["norm_ratio"] for r in data.fidelity if r["backend"] == "perfect" and r["norm_ratio"] is not None]
    if not ratios:
        return "Only controls are drawn: no persona population has a place."
    span = decimal(min(ratios), 2) if len(ratios) == 1 else f"{decimal(min(ratios), 2)} to {decimal(max(ratios), 2)}"
    beside = f" Perfect stand-ins reach {' and '.join(decimal(p, 2) for p in sorted(set(perfect)))}." if perfect else ""
    return f"Persona populations reach {span}.{beside}"
