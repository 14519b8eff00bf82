"""Figure 2: the Fidelity Gap Index of every population, metric by metric."""

from __future__ import annotations

import matplotlib as mpl

from python_assets.report.data import ReportData, Row
from python_assets.report.formats import decimal
from python_assets.report.names import FGI_METRICS, METRICS
from python_assets.report.rows import (
    NO_PLACE,
    NO_SCALE,
    NOT_APART,
    TOO_FEW,
    blocks_of,
    legend,
    mark,
    no_value,
    panel_grid,
)
from python_assets.report.style import INK, RC, Drawing, to_svg

NAME = "figure2"
TITLE = "Fidelity Gap Index by metric"
HOW = (
    "Each mark is one population. At 0 it is like other real users, at 1 like random noise with the real users' "
    "mean and spread, beyond 1 further off than noise. The scale is linear up to 1 and logarithmic beyond. "
    "“No scale”: noise does as well as other real users; “not apart”: the two differ by no more than their draws do; “no place”: "
    "nobody there prefers anything; “too few”: too few have a place for this metric."
)


def draw(data: ReportData) -> Drawing:
    """The figure over all splits, with the paper's anchors."""
    rows = [row for row in data.fgi if row["anchor"] == "paper" and row["metric"] in FGI_METRICS]
    # The floor is 0 and the ceiling 1 by definition: they are the two rules, not rows.
    rows = [row for row in rows if row["source"] != "reference"]
    values = {(r["split"], r["population"], r["instrument"], r["metric"]): r["fgi"] for r in rows}
    not_apart = {(r["split"], r["population"], r["metric"]) for r in rows if r["anchors_apart"] is False}
    blocks = blocks_of(rows + data.fidelity, data)
    if not blocks or all(value is None for value in values.values()):
        return Drawing(
            NAME,
            TITLE,
            HOW,
            "There is no FGI to draw: nobody was scored, or noise does no worse than other real users.",
        )
    figure, panels = panel_grid(blocks, [METRICS[metric].label for metric in FGI_METRICS], sharex="all")
    instruments = data.instrument_names
    with mpl.rc_context(RC):
        for block, row in zip(blocks, panels, strict=True):
            for metric, axes in zip(FGI_METRICS, row, strict=True):
                axes.axvline(0, color=INK, linewidth=0.9)
                axes.axvline(1, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
                for y, population in enumerate(block.populations):
                    found = [values.get((block.title, population.name, name, metric)) for name in instruments]
                    for i, value in enumerate(found):
                        if value is not None:
                            mark(axes, value, y, population, instrument=i)
                    if all(value is None for value in found):
                        mine = {key[3] for key in values if key[:2] == (block.title, population.name)}
                        no_scale = NOT_APART if (block.title, population.name, metric) in not_apart else NO_SCALE
                        no_value(axes, y, no_scale if metric in mine else TOO_FEW if mine else NO_PLACE)
        finite = [value for value in values.values() if value is not None]
        _scale(panels[0][0], min(finite), max(finite))
        legend(figure, [p for block in blocks for p in block.populations], instruments)
    return Drawing(NAME, TITLE, HOW, _seen(data), to_svg(figure, name=NAME, label=f"Figure 2. {TITLE}. {_seen(data)}"))


def _scale(axes: mpl.axes.Axes, least: float, most: float) -> None:
    axes.set_xscale("symlog", linthresh=1, linscale=1.2)
    ticks = [
        tick
        for tick in (-10, -3, -1, 0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
        if min(least, 0) <= tick <= max(most, 1)
    ]
    axes.set_xticks(ticks, [decimal(tick, 0) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(min(least * 1.2, -0.25), max(most * 1.35, 1.4))


def _seen(data: ReportData) -> str:
    rows = [
        row
        for row in data.fidelity
        if row["source"] == "persona" and any(row[f"fgi_{metric}"] is not None for metric in FGI_METRICS)
    ]
    if not rows:
        return "No persona population has an FGI here; the marks are controls and synthetic users."
    return f"{_span(rows)}{_beyond_noise(rows)}"


def _span(rows: list[Row]) -> str:
    values = [row["fgi_coverage"] for row in rows if row["fgi_coverage"] is not None]
    if not values:
        return "No persona population has an FGI of coverage."
    low, high = decimal(min(values), 2), decimal(max(values), 2)
    span = f"between {low} and {high}" if len(values) > 1 else f"at {low}"
    return f"On coverage the persona populations lie {span}."


def _beyond_noise(rows: list[Row]) -> str:
    """Says that none is further off only of metrics by which every population has an index."""
    worse = [m for m in FGI_METRICS if any((row[f"fgi_{m}"] or 0) > 1 for row in rows)]
    if worse:
        return f" On {_listed(worse)} at least one of them is further off than noise."
    known = [m for m in FGI_METRICS if all(row[f"fgi_{m}"] is not None for row in rows)]
    if not known:
        return ""
    if len(known) == len(FGI_METRICS):
        return " None of them is further off than noise."
    return f" On {_listed(known)} none of them is further off than noise."


def _listed(metrics: list[str]) -> str:
    return ", ".join("coverage" if metric == "coverage" else METRICS[metric].label for metric in metrics)
