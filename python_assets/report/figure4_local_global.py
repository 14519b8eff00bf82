"""Figure 4: agreement item by item against coverage of the population."""

from __future__ import annotations

from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes

from python_assets.report.data import ReportData, Row
from python_assets.report.formats import count, decimal
from python_assets.report.names import in_order, shorten_apart
from python_assets.report.rows import legend, mark
from python_assets.report.style import INK, MUTED, RC, RULE, WIDTH, Drawing, bare, new_figure, to_svg

NAME = "figure4"
TITLE = "Item by item against the population as a whole"
HOW = (
    "To the right: personas order items as their seed users do (what they reach by chance stands in the table under 'of others'). "
    "Upwards: more of the real users drawn at a time have a persona close by. A faithful population is at the top right, beside the "
    "perfect rater; bottom right means right about items but wrong as a crowd."
)
COLUMNS = 2


def draw(data: ReportData) -> Drawing:
    """One panel a split; populations with a seed user only."""
    rows = [row for row in data.fidelity if row["rank_accuracy"] is not None and row["coverage"] is not None]
    splits = [split for split in data.splits if any(row["split"] == split for row in rows)]
    if not splits:
        return Drawing(
            NAME, TITLE, HOW, "There is nothing to draw: no population has both a rank accuracy and a coverage."
        )
    columns = min(COLUMNS, len(splits))
    lines = -(-len(splits) // columns)
    most = max(sum(row["split"] == split for row in rows) for split in splits)
    height = max(2.9, most * 0.17 + 0.6)
    order = in_order(rows, data.study_order)
    lowest = min(0.5, *(row["rank_accuracy"] for row in rows)) - 0.03
    with mpl.rc_context(RC):
        figure = new_figure(WIDTH if columns > 1 else 6.6, height * lines + 0.4)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, split in zip(panels, splits, strict=False):
            here = [row for row in rows if row["split"] == split]
            _panel(axes, split, here, lowest, step=0.155 / height)
            for row in here:
                population = next(p for p in order if p.name == row["population"])
                mark(axes, row["rank_accuracy"], row["coverage"], population, instrument=_number(data, row))
            _draw_floors(axes, _floors(data, here), lowest, step=0.155 / height)
        for axes in panels[len(splits) :]:
            axes.set_visible(False)
        legend(figure, order, data.instrument_names)
    return Drawing(NAME, TITLE, HOW, _seen(rows), to_svg(figure, name=NAME, label=f"Figure 4. {TITLE}. {_seen(rows)}"))


class Floor(NamedTuple):
    """Coverage of other real users under one instrument, as many of them as a drawn population was compared with."""

    instrument: int
    value: float
    words: str


def _floors(data: ReportData, rows: list[Row]) -> list[Floor]:
    """From the top; one an instrument, or one a size where the judged populations differ in theirs."""
    judged = [row for row in rows if row["source"] == "persona"] or rows
    shown = {(row["split"], row["population"], row["instrument"]) for row in judged}
    values = {
        (r["instrument"], r["n"]): r["floor_value"]
        for r in data.fgi
        if (r["split"], r["population"], r["instrument"]) in shown
        and (r["metric"], r["anchor"]) == ("coverage", "paper")
        and r["floor_value"] is not None
    }
    floors = []
    for (instrument, n), value in values.items():
        size = f"{count(n)} " if sum(key[0] == instrument for key in values) > 1 else ""
        under = f", instrument {instrument}" if len({key[0] for key in values}) > 1 else ""
        floors.append(Floor(_number(data, {"instrument": instrument}), value, f"{size}other real users{under}"))
    return sorted(floors, key=lambda floor: (-floor.value, floor.words))


def _draw_floors(axes: Axes, floors: list[Floor], left: float, *, step: float) -> None:
    for floor, y in zip(floors, _spread([floor.value for floor in floors], step) if floors else [], strict=True):
        style = "-" if floor.instrument == 0 else (0, (4, 3))
        axes.axhline(floor.value, color=INK, linewidth=0.9, linestyle=style, zorder=1)
        axes.annotate(
            floor.words, (left, y), xytext=(3, -3), textcoords="offset points", va="top", color=MUTED, fontsize=7.5
        )


def _number(data: ReportData, row: Row) -> int:
    names = data.instrument_names
    return names.index(row["instrument"]) if row["instrument"] in names else 0


def _panel(axes: Axes, split: str, rows: list[Row], lowest: float, *, step: float) -> None:
    bare(axes, keep_left=True)
    axes.grid()
    axes.set(title=split, xlim=(lowest, 1.02), ylim=(-0.04, 1.04), xlabel="rank accuracy", ylabel="coverage")
    axes.axvline(0.5, color=RULE, linewidth=1.2)
    # Names stand in the margin, spread so that none covers another, each tied to its mark by a thin line.
    short = shorten_apart([row["population"] for row in rows], 28)
    ordered = sorted(rows, key=lambda row: (-row["coverage"], -row["rank_accuracy"]))
    for row, y in zip(ordered, _spread([row["coverage"] for row in ordered], step), strict=True):
        twice = sum(other["population"] == row["population"] for other in rows) > 1
        text = short[row["population"]] + (f" ({row['instrument']})" if twice else "")
        axes.annotate(
            text,
            (row["rank_accuracy"], row["coverage"]),
            xytext=(1.03, y),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=7.5,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": RULE, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 4},
        )


def _spread(values: list[float], step: float) -> list[float]:
    """Positions near falling values, at least ``step`` apart, inside [0, 1] where there is room."""
    placed: list[float] = []
    for value in values:
        placed.append(min(value, placed[-1] - step) if placed else value)
    lift = max(0.0, -placed[-1])
    for i in range(len(placed) - 1, -1, -1):
        floor = placed[i + 1] + step if i + 1 < len(placed) else placed[i] + lift
        placed[i] = max(placed[i], floor) if lift else placed[i]
    return placed


def _seen(rows: list[Row]) -> str:
    personas = [row for row in rows if row["source"] == "persona"]
    if not personas:
        return "Only controls can be drawn: no persona population has a seed user for each persona and a place."
    best = max(personas, key=lambda row: row["rank_accuracy"])
    under = f", instrument {best['instrument']}" if len({row["instrument"] for row in personas}) > 1 else ""
    return (
        f"The personas that follow their seed users best ({best['population']} on {best['split']}{under}, rank accuracy "
        f"{decimal(best['rank_accuracy'], 2)}) reach a coverage of {decimal(best['coverage'], 2)}."
    )
