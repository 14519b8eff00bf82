"""Figure 2: the Fidelity Gap Index of every population, metric by metric."""

from __future__ import annotations

import matplotlib as mpl

from python_assets.report.data import ReportData
from python_assets.report.formats import decimal
from python_assets.report.names import FGI_METRICS, in_order, metric_label
from python_assets.report.rows import NO_PLACE, NO_SCALE, NOT_APART, TOO_FEW, Block, legend, mark, no_value, panel_grid
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
    blocks = [
        Block(split, in_order([r for r in rows + data.fidelity if r["split"] == split], data.study_order))
        for split in data.splits
    ]
    blocks = [block for block in blocks if block.populations]
    if not blocks or all(value is None for value in values.values()):
        return Drawing(
            NAME,
            TITLE,
            HOW,
            "There is no FGI to draw: nobody was scored, or noise does no worse than other real users.",
        )
    figure, panels = panel_grid(blocks, [metric_label(metric) for metric in FGI_METRICS], sharex="all")
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
    rows = [row for row in data.fidelity if row["source"] == "persona"]
    coverage = [row["fgi_coverage"] for row in rows if row["fgi_coverage"] is not None]
    if not coverage:
        return "No persona population has an FGI here; the marks are controls and synthetic users."
    worse = sorted({metric_label(m) for m in ("fpd", "mmd", "swd") for row in rows if (row[f"fgi_{m}"] or 0) > 1})
    span = (
        f"between {decimal(min(coverage), 2)} and {decimal(max(coverage), 2)}"
        if len(coverage) > 1
        else f"at {decimal(coverage[0], 2)}"
    )
    beyond = (
        f" On {', '.join(worse)} at least one of them is further off than noise."
        if worse
        else " None of them is further off than noise."
    )
    return f"On coverage the persona populations lie {span}.{beyond}"
