"""The fidelity table as text."""

from __future__ import annotations

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
    lines = [_line(["split", "population", "instrument", *HEADS])]
    lines.append("-" * len(lines[0]))
    lines += [_line([*row[:3], *map(_number, row[3:])]) for row in warehouse.rows(FIDELITY)]
    lines.append("")
    lines += [
        _line([split, name, instrument, "", "", _number(coverage), _number(cosine)])
        for split, name, instrument, coverage, cosine in warehouse.rows(BASELINES)
    ]
    if missing := [name for (name,) in warehouse.rows(NOT_SCORED)]:
        lines += [
            "",
            f"Without scores: {', '.join(missing)}. `persona-fidelity run` scores them, or says what is in the way.",
        ]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    widths = [22, 28, 10, *[8] * len(HEADS)]
    first = [str(cell)[:width].ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    return " ".join(
        [*first, *(str(cell).rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=False))]
    ).rstrip()


def _number(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) and not value.is_integer() else f"{value:g}"
