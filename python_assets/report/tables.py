"""The result tables as headings, groups and printed cells; ``macros.html`` renders any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from python_assets.report.data import ReportData, Row
from python_assets.report.figure_gaps import worse_by
from python_assets.report.formats import MISSING, count, decimal, probability, scaled
from python_assets.report.names import FGI_METRICS, METRICS, Population, in_order, shorten
from python_assets.report.rows import NO_SCALE, NOT_APART


class Cell(NamedTuple):
    """A number, and what stands below it in small print."""

    text: str
    small: str = ""


class Heading(NamedTuple):
    """A column: its name, and a unit or an arrow below."""

    label: str
    small: str = ""


class Line(NamedTuple):
    """One population's row."""

    population: Population
    detail: str
    cells: list[Cell]


class Group(NamedTuple):
    """Rows under one heading, such as a split and an instrument."""

    title: str
    lines: list[Line]


class Table(NamedTuple):
    """A whole table; ``groups`` is empty when there is nothing to print."""

    caption: str
    headings: list[Heading]
    groups: list[Group]
    spans: tuple[tuple[str, int], ...] = ()
    """Headings over several columns: the name and how many."""


_FIDELITY: list[tuple[Heading, Callable[[Row], str]]] = [
    (Heading("FGI coverage", "→ 0"), lambda r: decimal(r["fgi_coverage"])),
    (Heading("FGI MMD", "→ 0"), lambda r: decimal(r["fgi_mmd"], 2)),
    (Heading("FGI FPD", "→ 0"), lambda r: decimal(r["fgi_fpd"], 2)),
    (Heading("FGI SWD", "→ 0"), lambda r: decimal(r["fgi_swd"], 2)),
    (Heading("Cosine", "→ matched"), lambda r: decimal(r["cos_mean"])),
    (Heading("Matched real cosine"), lambda r: decimal(r["matched_real_cos_mean"])),
    (Heading("Norm ratio", "→ 1"), lambda r: decimal(r["norm_ratio"], 2)),
    (Heading("Pair distance", "↓"), lambda r: decimal(r["pair_cosine_distance"])),
    (Heading("Rank accuracy", "↑"), lambda r: decimal(r["rank_accuracy"])),
    (Heading("of others", "chance"), lambda r: decimal(r["rank_accuracy_of_others"])),
    (Heading("Rating corr.", "↑"), lambda r: decimal(r["rating_correlation"])),
    (Heading("Personas"), lambda r: count(r["n_personas"])),
    (Heading("No place"), lambda r: count(r["n_unplaceable"])),
]


def fidelity_table(data: ReportData) -> Table:
    """The paper's Table 1, with the FGI on every metric."""

    def cells(row: Row) -> list[Cell]:
        of_all = row["coverage_full_population"]
        coverage = Cell(decimal(row["coverage"]), "" if of_all is None else f"{decimal(of_all)} of all")
        return [coverage, *(Cell(form(row)) for _, form in _FIDELITY)]

    groups = _by_split_and_instrument(data, data.fidelity, lambda rows, p: cells(rows[0]))
    headings = [Heading("Coverage", "↑"), *(heading for heading, _ in _FIDELITY)]
    return Table("Fidelity of every persona population and control", headings, groups)


def metrics_table(data: ReportData) -> Table:
    """The paper's Table 2: value, spread and 95% interval of every source."""
    metrics = [metric for metric in METRICS if any(row["metric"] == metric for row in data.metrics)]

    def cells(rows: list[Row], _: Population) -> list[Cell]:
        scores = {row["metric"]: row for row in rows}
        sizes = sorted({row["n"] for row in rows if row["n"] is not None})
        mmd = scores.get("mmd")
        return [
            *(_score(scores.get(metric), METRICS[metric].scale) for metric in metrics),
            Cell(probability(mmd["p_value"]) if mmd else MISSING),
            Cell(" / ".join(map(count, sizes)) or MISSING),
        ]

    headings = [Heading(METRICS[m].label, " ".join([METRICS[m].unit, _arrow(m)]).strip()) for m in metrics]
    return Table(
        "Distributional metrics of every source: mean over draws of real users ± standard deviation, 95% interval of that mean in small print",
        [*headings, Heading("p of MMD"), Heading("n", "a draw")],
        _by_split_and_instrument(data, data.metrics, cells),
    )


def fgi_table(data: ReportData) -> Table:
    """The paper's Table 10, for every anchor that was computed."""
    metrics = [metric for metric in FGI_METRICS if any(row["metric"] == metric for row in data.fgi)]
    anchors = sorted({row["anchor"] for row in data.fgi}, key=lambda anchor: (anchor != "paper", anchor))

    def cells(rows: list[Row], _: Population) -> list[Cell]:
        found = {(row["anchor"], row["metric"]): row for row in rows}
        return [_index(found.get((anchor, metric))) for anchor in anchors for metric in metrics]

    headings = [Heading(METRICS[metric].label, "→ 0") for _ in anchors for metric in metrics]
    spans = (
        tuple((f"{anchor.replace('_', '-')} ceiling", len(metrics)) for anchor in anchors) if len(anchors) > 1 else ()
    )
    return Table(
        "Fidelity Gap Index by source and metric",
        headings,
        _by_split_and_instrument(data, data.fgi, cells, with_detail=False),
        spans,
    )


def gap_table(data: ReportData) -> Table:
    """Every gap, and the instrument's and the personas' parts of it, turned so that positive is worse."""
    metrics = [metric for metric in METRICS if any(row["metric"] == metric for row in data.gaps)]

    def cells(rows: list[Row], _: Population) -> list[Cell]:
        by_metric = {row["metric"]: row for row in rows}
        printed = []
        for metric in metrics:
            row = by_metric.get(metric, {})
            scale = METRICS[metric].scale
            parts = [worse_by(metric, row.get(part)) for part in ("protocol", "persona", "total")]
            printed += [Cell(scaled(value, scale)) for value in (row.get("floor"), *parts)]
        return printed

    headings = [Heading(part) for _ in metrics for part in ("floor", "instrument", "personas", "gap")]
    spans = tuple((f"{METRICS[metric].label} {METRICS[metric].unit}".strip(), 4) for metric in metrics)
    rows = [row | {"source": "persona"} for row in data.gaps]
    caption = (
        "Gap decomposition: the floor's value, and by how much worse the instrument and the personas make it (gap "
        "= instrument + personas)"
    )
    return Table(caption, headings, _by_split_and_instrument(data, rows, cells, with_detail=False), spans)


def _by_split_and_instrument(
    data: ReportData,
    rows: Sequence[Row],
    cells: Callable[[list[Row], Population], list[Cell]],
    *,
    with_detail: bool = True,
) -> list[Group]:
    groups = []
    for split in data.splits:
        for instrument in data.instrument_names:
            here = [row for row in rows if row["split"] == split and row["instrument"] == instrument]
            lines = []
            for population in in_order(here, data.study_order):
                own = [row for row in here if row["population"] == population.name]
                lines.append(
                    Line(
                        population,
                        describe(data, population.name, short=True) if with_detail else "",
                        cells(own, population),
                    )
                )
            if lines:
                groups.append(Group(f"{split}, instrument {instrument}", lines))
    return groups


def describe(data: ReportData, population: str, *, short: bool = False) -> str:
    """How a population is made: condition, model, elicitation; or which control it is. Empty for references.

    Args:
        data: The tables.
        population: Its name.
        short: For narrow columns: the last part of the model's name, and no elicitation.
    """
    row = data.populations.get(population)
    if row is None:
        return ""
    if row["condition"] == "control":
        return f"{row['backend']} control"
    model = str(row["model"] or row["backend"])
    parts = (
        (row["condition"], shorten(model.rsplit("/", 1)[-1], 24))
        if short
        else (row["condition"], model, row["elicitation"])
    )
    return ", ".join(parts)


def _index(row: Row | None) -> Cell:
    if row is None or row["fgi"] is not None:
        return Cell(decimal(row["fgi"] if row else None))
    return Cell(MISSING, NOT_APART if row["anchors_apart"] is False else NO_SCALE)


def _score(row: Row | None, scale: float) -> Cell:
    if row is None or row["value"] is None:
        return Cell(MISSING)
    small = []
    if row["std"] is not None:
        small.append(f"±{scaled(row['std'], scale)}")
    if row["ci_low"] is not None and row["ci_high"] is not None:
        small.append(f"[{scaled(row['ci_low'], scale)}, {scaled(row['ci_high'], scale)}]")
    return Cell(scaled(row["value"], scale), " ".join(small))


def _arrow(metric: str) -> str:
    return "→ floor" if metric == "cos_mean" else "↑" if METRICS[metric].higher_is_closer else "↓"
