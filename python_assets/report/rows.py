"""Figures with one row a population: a grid of panels, one row of panels a split, populations down the side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from python_assets.report.data import ReportData, Row
from python_assets.report.names import KIND_WORDS, KINDS, Population, in_order, shorten_apart
from python_assets.report.style import COLOURS, MARKERS, MUTED, PAPER, RC, ROW, WIDTH, bare, new_figure


class Block(NamedTuple):
    """One row of panels: its heading and its populations from top to bottom."""

    title: str
    populations: list[Population]


def blocks_of(rows: Sequence[Row], data: ReportData) -> list[Block]:
    """A block for each split that these rows have populations in, both in the study's order."""
    blocks = [
        Block(split, in_order([r for r in rows if r["split"] == split], data.study_order)) for split in data.splits
    ]
    return [block for block in blocks if block.populations]


def panel_grid(
    blocks: Sequence[Block], columns: Sequence[str], *, sharex: Literal["col", "all"] = "col"
) -> tuple[Figure, np.ndarray]:
    """Panels of shape (blocks, columns), with population names on the left and column headings on top.

    Args:
        blocks: Rows of panels.
        columns: Headings.
        sharex: ``col`` gives every column its own scale, ``all`` one for the whole figure.
    """
    heights = [len(block.populations) * ROW + 0.2 for block in blocks]
    with mpl.rc_context(RC):
        figure = new_figure(WIDTH, sum(heights) + 0.42 * len(blocks) + 0.75)
        panels = figure.subplots(
            len(blocks),
            len(columns),
            sharex=sharex,
            sharey="row",
            squeeze=False,
            height_ratios=heights,
        )
        for block, row in zip(blocks, panels, strict=True):
            for heading, axes in zip(columns, row, strict=True):
                bare(axes)
                axes.grid(axis="x")
                first = axes is row[0]
                above = f"{block.title}\n{heading}" if len(blocks) > 1 and first else heading
                axes.set_title(f"\n{heading}" if len(blocks) > 1 and not first else above)
                axes.tick_params(labelbottom=True)
            _name_rows(row[0], block.populations)
    return figure, panels


def _name_rows(axes: Axes, populations: Sequence[Population]) -> None:
    axes.set_ylim(len(populations) - 0.4, -0.6)
    short = shorten_apart([p.label for p in populations], 30)
    axes.set_yticks(range(len(populations)), [short[p.label] for p in populations])


def instrument_fill(number: int, colour: str) -> dict[str, Any]:
    """The first instrument's marks are solid, the others' hollow."""
    return {"markerfacecolor": colour if number == 0 else PAPER, "markeredgecolor": colour}


def mark(axes: Axes, x: float, y: float, population: Population, *, instrument: int) -> None:
    """One value as its kind's marker."""
    axes.plot(
        [x],
        [y],
        linestyle="none",
        marker=MARKERS[population.kind],
        markersize=5.5,
        markeredgewidth=1.2,
        zorder=3 + instrument,
        **instrument_fill(instrument, COLOURS[population.kind]),
    )


NO_PLACE = "no place"
TOO_FEW = "too few"
# Of an FGI: noise does as well as other real users, or the two cannot be told apart, so that nothing lies between 0 and 1.
NO_SCALE = "no scale"
NOT_APART = "not apart"


def no_value(axes: Axes, y: float, words: str = NO_PLACE) -> None:
    """Say in a row why nothing is drawn there."""
    axes.annotate(
        words,
        (0.02, y),
        xycoords=("axes fraction", "data"),
        va="center",
        color=MUTED,
        fontsize=7.5,
        style="italic",
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5},
    )


def legend(figure: Figure, populations: Sequence[Population], instruments: Sequence[str]) -> None:
    """Kinds and, when there are several, instruments, below the panels."""
    with mpl.rc_context(RC):
        kinds = [kind for kind in KINDS if any(p.kind == kind for p in populations)]
        handles = [
            Line2D(
                [],
                [],
                linestyle="none",
                marker=MARKERS[kind],
                color=COLOURS[kind],
                markersize=6,
                label=KIND_WORDS[kind],
            )
            for kind in kinds
        ]
        if len(instruments) > 1:
            handles += [
                Line2D(
                    [],
                    [],
                    linestyle="none",
                    marker="o",
                    markersize=6,
                    label=f"instrument {name}",
                    **instrument_fill(i, MUTED),
                )
                for i, name in enumerate(instruments)
            ]
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=min(len(handles), 6),
            handletextpad=0.2,
            columnspacing=1.4,
        )
