"""The fidelity table as text."""

from __future__ import annotations

from collections.abc import Sequence

from python_assets.warehouse import Warehouse

FIDELITY = """
    select split, population, instrument, n_personas, n_unplaceable, coverage, cos_mean, matched_real_cos_mean,
        pair_cosine_distance, rank_accuracy, rating_correlation, norm_ratio, fgi_coverage, fgi_mmd
    from results.fidelity order by split, instrument, population
"""
BASELINES = """
    select split, population, instrument,
        max(value) filter (where metric = 'coverage') as coverage, max(value) filter (where metric = 'cos_mean') as cos_mean
    from results.population_metrics where source in ('reference', 'synthetic')
    group by all order by split, instrument, population
"""
# A population that failed with --keep-going, say, or that was left out with --split or --until.
NOT_SCORED = """
    select population || ' on ' || split
    from raw.populations cross join (select distinct split from raw.splits)
    anti join results.fidelity using (split, population)
    order by all
"""
HEADS = [
    "personas",
    "no place",
    "cover",
    "cos",
    "cos real",
    "pair d",
    "rank acc",
    "rate r",
    "norm",
    "FGI-cov",
    "FGI-mmd",
]


def fidelity_table(warehouse: Warehouse) -> str:
    """Table 1 of the paper for this warehouse, with the baselines' coverage and cosine and who has no scores below."""
    scored = [[*row[:3], *map(_count, row[3:5]), *map(_number, row[5:])] for row in warehouse.rows(FIDELITY)]
    baselines = [
        [*names, "", "", _number(coverage), _number(cosine)] for *names, coverage, cosine in warehouse.rows(BASELINES)
    ]
    heads = ["split", "population", "instrument", *HEADS]
    # As wide as what stands in them: two long names cut alike would be one.
    widths = [max(len(str(row[place])) for row in (heads, *scored, *baselines)) for place in range(3)]
    lines = [_line(row, widths) for row in (heads, *scored, [""], *baselines)]
    lines.insert(1, "-" * len(lines[0]))
    if missing := [name for (name,) in warehouse.rows(NOT_SCORED)]:
        lines += [
            "",
            f"Without scores: {', '.join(missing)}. `persona-fidelity run` scores them, or says what is in the way.",
        ]
    return "\n".join(lines)


def _line(cells: Sequence[object], widths: Sequence[int]) -> str:
    names, numbers = cells[: len(widths)], cells[len(widths) :]
    first = [str(cell).ljust(width) for cell, width in zip(names, widths, strict=False)]
    return " ".join([*first, *(str(cell).rjust(8) for cell in numbers)]).rstrip()


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
