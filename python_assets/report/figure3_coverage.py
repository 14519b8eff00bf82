"""Figure 3: how much of the real population each source covers, and how alike its members are."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes

from python_assets.report.data import ReportData, Row
from python_assets.report.formats import decimal
from python_assets.report.names import Population
from python_assets.report.rows import NO_PLACE, TOO_FEW, Block, blocks_of, legend, no_value, panel_grid
from python_assets.report.style import COLOURS, INK, PAPER, RC, Drawing, to_svg

NAME = "figure3"
TITLE = "Coverage and likeness"
HOW = (
    "Left: the share of the real users drawn at a time, as many as the population has members where these are few, who "
    "have one of them close by (more is better, and easier for a small population). Right: the mean cosine between two "
    "members (near the real users' is better, 1 means that all members are the same). The upright line is other real "
    "users at the largest size that is drawn, and a dark mark across a bar other real users at that population's own size, "
    "where it is another; thin lines are 95% intervals of the mean over draws of real users. “No place”: nobody there prefers "
    "anything; “too few”: too few have a place for a coverage, or only one for a cosine."
)


def draw(data: ReportData) -> Drawing:
    """The figure over all splits; one bar an instrument."""
    rows = [row for row in data.metrics if row["metric"] in ("coverage", "cos_mean")]
    scores = {(r["split"], r["population"], r["instrument"], r["metric"]): r for r in rows}
    scored = {(row["split"], row["population"]) for row in data.metrics if row["value"] is not None}
    own_floors = _own_floors(data)
    blocks = blocks_of(rows + data.fidelity, data)
    if not blocks:
        return Drawing(NAME, TITLE, HOW, "There is nothing to draw: no population has a coverage or a cosine score.")
    figure, panels = panel_grid(blocks, ["Coverage", "Mean cosine between members"])
    instruments = data.instrument_names
    with mpl.rc_context(RC):
        for block, row in zip(blocks, panels, strict=True):
            for metric, axes in zip(("coverage", "cos_mean"), row, strict=True):
                for y, population in enumerate(block.populations):
                    found = [scores.get((block.title, population.name, name, metric)) for name in instruments]
                    _bars(axes, y, population, found)
                    if metric == "coverage":
                        keys = [(block.title, population.name, name) for name in instruments]
                        _marks(axes, y, [own_floors.get(key) for key in keys])
                    if not any(_has_value(score) for score in found):
                        no_value(axes, y, TOO_FEW if (block.title, population.name) in scored else NO_PLACE)
                _floor_lines(
                    axes, block, [scores.get((block.title, "real_subsample", name, metric)) for name in instruments]
                )
        panels[0][0].set_xlim(0, 1.02)
        panels[0][1].set_xlim(right=1.02)
        legend(figure, [p for block in blocks for p in block.populations], instruments)
    seen = _seen(data, rows)
    return Drawing(NAME, TITLE, HOW, seen, to_svg(figure, name=NAME, label=f"Figure 3. {TITLE}. {seen}"))


def _bars(axes: Axes, y: int, population: Population, found: list[Row | None]) -> None:
    colour = COLOURS[population.kind]
    height = 0.72 / len(found)
    for i, score in enumerate(found):
        if score is None or score["value"] is None:
            continue
        middle = y - 0.36 + height * (i + 0.5)
        axes.barh(
            middle,
            score["value"],
            height * 0.88,
            facecolor=colour if i == 0 else PAPER,
            edgecolor=colour,
            linewidth=0.9,
        )
        if score["ci_low"] is not None and score["ci_high"] is not None:
            axes.plot(
                [score["ci_low"], score["ci_high"]], [middle, middle], color=INK, linewidth=1.1, solid_capstyle="butt"
            )


def _own_floors(data: ReportData) -> dict[tuple[str, str, str], float]:
    """Coverage of other real users at the size of each population that is not of the size of the upright line.

    By split, population and instrument.
    """
    line = {
        (r["split"], r["instrument"]): r["n"]
        for r in data.metrics
        if (r["population"], r["metric"]) == ("real_subsample", "coverage")
    }
    return {
        (r["split"], r["population"], r["instrument"]): r["floor_value"]
        for r in data.fgi
        if (r["metric"], r["anchor"]) == ("coverage", "paper")
        and r["floor_value"] is not None
        and r["n"] != line.get((r["split"], r["instrument"]))
    }


def _marks(axes: Axes, y: int, floors: list[float | None]) -> None:
    height = 0.72 / len(floors)
    for i, floor in enumerate(floors):
        if floor is not None:
            top = y - 0.36 + height * i
            axes.plot([floor, floor], [top, top + height], color=INK, linewidth=2.2, solid_capstyle="butt")


def _has_value(score: Row | None) -> bool:
    return score is not None and score["value"] is not None


def _floor_lines(axes: Axes, block: Block, floors: list[Row | None]) -> None:
    for i, floor in enumerate(floors):
        if floor is not None and floor["value"] is not None:
            axes.axvline(floor["value"], color=INK, linewidth=0.9, linestyle="-" if i == 0 else (0, (4, 3)))


def _seen(data: ReportData, rows: list[Row]) -> str:
    def span(column: str, name: str, metric: str) -> str | None:
        values = [r["value"] for r in rows if (r[column], r["metric"]) == (name, metric) and r["value"] is not None]
        if not values:
            return None
        low, high = decimal(min(values), 2), decimal(max(values), 2)
        return low if low == high else f"{low} to {high}"

    if not any(row["source"] == "persona" and row["value"] is not None for row in data.metrics):
        return "No persona population has a place here; the bars are reference users, controls and synthetic users."
    personas, real = span("source", "persona", "coverage"), span("population", "real_subsample", "coverage")
    reach = (
        f"Personas cover {personas} and other real users {real or 'an unknown share'}"
        if personas
        else "Too few personas have a place for a coverage"
    )
    among, among_real = span("source", "persona", "cos_mean"), span("population", "real_subsample", "cos_mean")
    return f"{reach}; the mean cosine is {among or 'unknown'} against {among_real or 'unknown'}."
