"""How much of every gap is the instrument and how much the personas."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from python_assets.report.data import ReportData, Row
from python_assets.report.formats import percent
from python_assets.report.names import METRICS, in_order
from python_assets.report.rows import NO_PLACE, TOO_FEW, Block, no_value, panel_grid
from python_assets.report.style import COLOURS, INK, RC, Drawing, to_svg

NAME = "gaps"
TITLE = "Whose gap is it"
HOW = (
    "Each bar starts at other real users and runs to the right as a population does worse. The green part is what "
    "perfect stand-ins lose as well: the instrument. The orange part is what the personas lose beyond that; where "
    "it runs back to the left, the personas score better than perfect stand-ins. The tick is the whole gap."
)


def worse_by(metric: str, value: float | None) -> float | None:
    """A stored difference turned so that more is worse: coverage falls as things get worse, the distances rise."""
    if value is None:
        return None
    return -value if METRICS[metric].higher_is_closer else value


def printed_unit(metric: str, value: float | None) -> float | None:
    """``worse_by`` in the unit that the metric is printed in."""
    worse = worse_by(metric, value)
    return None if worse is None else worse * METRICS[metric].scale


def draw(data: ReportData) -> Drawing:
    """One row of panels a split and instrument, one panel a metric."""
    rows = [row for row in data.gaps if row["total"] is not None]
    if not rows:
        return Drawing(
            NAME, TITLE, HOW, "There is no gap to take apart: no persona population has a place and a real floor."
        )
    metrics = [metric for metric in METRICS if any(row["metric"] == metric for row in rows)]
    keys = [
        (s, i)
        for s in data.splits
        for i in data.instrument_names
        if any((r["split"], r["instrument"]) == (s, i) for r in data.gaps)
    ]
    blocks = []
    for split, instrument in keys:
        here = [
            row | {"source": "persona"} for row in data.gaps if (row["split"], row["instrument"]) == (split, instrument)
        ]
        title = f"{split}, instrument {instrument}" if len(data.instrument_names) > 1 else split
        blocks.append(Block(title, in_order(here, data.study_order)))
    headings = [f"{METRICS[m].label} {METRICS[m].unit}".strip() for m in metrics]
    figure, panels = panel_grid(blocks, headings)
    scored = {(r["split"], r["instrument"], r["population"]) for r in rows}
    found = {(r["split"], r["instrument"], r["population"], r["metric"]): r for r in data.gaps}
    with mpl.rc_context(RC):
        for (split, instrument), block, line in zip(keys, blocks, panels, strict=True):
            for metric, axes in zip(metrics, line, strict=True):
                axes.axvline(0, color=INK, linewidth=0.9)
                for y, population in enumerate(block.populations):
                    key = (split, instrument, population.name)
                    why_not = TOO_FEW if key in scored else NO_PLACE
                    _bar(axes, y, metric, found.get((*key, metric)), why_not)
        for axes in panels.flat:
            # A bar that runs back to the left would end the panel where it begins.
            axes.use_sticky_edges = False
            axes.margins(x=0.08)
        _legend(figure)
    return Drawing(NAME, TITLE, HOW, _seen(rows), to_svg(figure, name=NAME, label=f"{TITLE}. {_seen(rows)}"))


def _bar(axes: Axes, y: int, metric: str, row: Row | None, why_not: str) -> None:
    total, protocol, persona = (
        printed_unit(metric, row[part]) if row else None for part in ("total", "protocol", "persona")
    )
    if total is None:
        no_value(axes, y, why_not)
        return
    if protocol is None or persona is None:
        axes.barh(y, total, 0.3, facecolor="none", edgecolor=COLOURS["persona"], linewidth=1.0)
    else:
        axes.barh(y, protocol, 0.66, facecolor=COLOURS["control"], alpha=0.5)
        axes.barh(y, persona, 0.34, left=protocol, facecolor=COLOURS["persona"])
    axes.plot([total, total], [y - 0.36, y + 0.36], color=INK, linewidth=1.4)


def _legend(figure: mpl.figure.Figure) -> None:
    handles = [
        Patch(facecolor=COLOURS["control"], alpha=0.5, label="the instrument (perfect stand-ins lose this too)"),
        Patch(facecolor=COLOURS["persona"], label="the personas"),
        Patch(facecolor="none", edgecolor=COLOURS["persona"], label="not known whose (no perfect rater)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)


def _seen(rows: list[Row]) -> str:
    known = [row for row in rows if row["protocol"] is not None]
    if not known:
        return "Without a perfect rater that has a place nobody can say whose the gap is."
    covering = [row for row in known if row["metric"] == "coverage"]
    if not covering:
        return (
            "Whose the gap in coverage is cannot be said: too few personas, or perfect stand-ins, have a place for one."
        )
    # Coverage falls as things get worse.
    parts = [max(0.0, min(1.0, row["protocol"] / row["total"])) for row in covering if row["total"] < 0]
    if not parts:
        return "There is no gap in coverage: personas reach as many as other real users do."
    low, high = percent(min(parts)), percent(max(parts))
    words = low if low == high else f"{low} to {high}, depending on instrument, split and population"
    return f"Of the coverage gap, the instrument accounts for {words}."
