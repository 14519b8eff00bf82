"""Tables 2, 7, 8, 9 and 10 of the paper: printed digits, what they may stand for, and one completion of them all."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

FLOOR, CEILING = "real_subsample", "random_baseline"
METRICS = ("fpd", "mmd", "swd", "coverage")


class Printed(NamedTuple):
    """A printed number: its value, and the least and greatest number that would be printed so."""

    low: float
    value: float
    high: float


class Cell(NamedTuple):
    """Where a number stands."""

    split: str
    method: str
    metric: str


def read_tables() -> dict[Cell, Printed]:
    """All cells; those of Table 10 have metrics ``fgi_...``."""
    with Path(__file__).with_name("paper_tables.csv").open() as file:
        return {
            Cell(row["split"], row["method"], row["metric"]): as_interval(row["printed"], row["unit"])
            for row in csv.DictReader(file)
        }


def as_interval(printed: str, unit: str) -> Printed:
    """Half a unit of the last printed digit to both sides."""
    number, scale = Decimal(printed), Decimal(unit)
    half = Decimal(1).scaleb(int(number.as_tuple().exponent)) / 2
    return Printed(float((number - half) * scale), float(number * scale), float((number + half) * scale))


def complete_digits(tables: dict[Cell, Printed], split: str, metric: str) -> dict[str, float] | None:
    """Scores of all methods that print as the paper's and whose FGI prints as Table 10's, all at once.

    With d = +1 where lower is closer and -1 for coverage, Eq. 6 and 7 say d (value - floor) = FGI d (ceiling - floor):
    linear in the unknown scores when FGI is one of its interval's ends, so a linear program finds them. It keeps as far
    from the ends as it can.

    Returns:
        Score of each method, or None when no scores do.
    """
    direction = -1.0 if metric == "coverage" else 1.0
    methods = [cell.method for cell in tables if cell.split == split and cell.metric == metric]
    column = {method: number for number, method in enumerate(methods)}
    scale = abs(tables[Cell(split, CEILING, metric)].value - tables[Cell(split, FLOOR, metric)].value)
    rows = []
    for method in methods:
        if method in (FLOOR, CEILING):
            continue
        index = tables[Cell(split, method, f"fgi_{metric}")]
        for sign, end in ((1.0, index.high), (-1.0, index.low)):
            row = np.zeros(len(methods) + 1)
            row[column[method]] += sign * direction
            row[column[FLOOR]] += sign * direction * (end - 1)
            row[column[CEILING]] -= sign * direction * end
            row[-1] = scale * (index.high - index.low) / 2
            rows.append(row)
    bounds: list[tuple[float, float]] = [tables[Cell(split, method, metric)][::2] for method in methods]
    goal = np.append(np.zeros(len(methods)), -1.0)
    solution = linprog(goal, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), bounds=[*bounds, (0.0, 1.0)])
    return dict(zip(methods, solution.x, strict=False)) if solution.status == 0 else None
