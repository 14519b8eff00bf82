"""Figure 5: a flat map (UMAP) of real users, and where each population lies on it."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from sklearn.neighbors import NearestNeighbors

from python_assets.report.clouds import Cloud
from python_assets.report.data import ReportData
from python_assets.report.names import Population, in_order, shorten_apart
from python_assets.report.style import COLOURS, RC, RULE, WIDTH, Drawing, to_svg
from python_assets.seeds import derive_seed

NAME = "figure5"
TITLE = "A map of the preference space"
HOW = (
    "UMAP lays users who prefer alike close together. Grey points are real users, the same in every panel of a "
    "map; coloured points are one population. A faithful population lies over all of the grey. The axes have no "
    "unit, and distances across the map are not to scale."
)
COLUMNS = 5
LEAST_POINTS = 12
EPOCHS = 200
# Inches: the space between panels, a panel's side, a line of panels with its titles, a map's heading.
GAP = 0.12
SIDE = WIDTH / COLUMNS - GAP
LINE = SIDE + 0.24 + GAP
HEADING = 0.3


class Map(NamedTuple):
    """A laid-out cloud: ``real`` and every population as (rows, 2)."""

    cloud: Cloud
    real: np.ndarray
    others: dict[str, np.ndarray]


def draw(data: ReportData, clouds: list[Cloud], *, epochs: int = EPOCHS) -> Drawing:
    """Lay out every cloud and draw a panel a population.

    Args:
        data: For labels and the seed.
        clouds: Samples of embeddings.
        epochs: UMAP's optimisation epochs.
    """
    places = {key: number for number, key in enumerate((s, i) for s in data.splits for i in data.instrument_names)}
    clouds = sorted(clouds, key=lambda cloud: places.get((cloud.split, cloud.instrument), len(places)))
    drawable = [
        cloud for cloud in clouds if cloud.others and len(cloud.real) >= LEAST_POINTS and cloud.real.shape[1] > 1
    ]
    if not drawable:
        return Drawing(
            NAME,
            TITLE,
            HOW,
            "There is no map to draw: there are too few real users with a place, or no population has one.",
        )
    maps = [
        _lay_out(cloud, seed=derive_seed(data.study["seed"], "map", cloud.split, cloud.instrument), epochs=epochs)
        for cloud in drawable
    ]
    height = sum(HEADING + LINE * math.ceil(len(laid.others) / COLUMNS) for laid in maps)
    with mpl.rc_context(RC):
        # Placed by hand: matplotlib's own layout takes longer than all the drawing when there are a hundred panels.
        figure = Figure(figsize=(WIDTH, height), facecolor="none")
        top = height
        for laid in maps:
            heading = _heading(laid.cloud, len(data.instrument_names))
            figure.text(GAP / 2 / WIDTH, (top - 0.2) / height, heading, fontsize=9, fontweight="bold")
            top -= HEADING
            order = in_order(
                [{"population": n, "source": s} for n, (s, _) in laid.cloud.others.items()], data.study_order
            )
            titles = shorten_apart([population.label for population in order], 27)
            for number, population in enumerate(order):
                line, column = divmod(number, COLUMNS)
                left, bottom = GAP / 2 + column * (SIDE + GAP), top - (line + 1) * LINE + GAP
                axes = figure.add_axes((left / WIDTH, bottom / height, SIDE / WIDTH, SIDE / height))
                _panel(axes, laid, population, title=titles[population.label])
            top -= LINE * math.ceil(len(order) / COLUMNS)
    return Drawing(NAME, TITLE, HOW, _seen(data), to_svg(figure, name=NAME, label=f"Figure 5. {TITLE}. {_seen(data)}"))


def _lay_out(cloud: Cloud, *, seed: int, epochs: int) -> Map:
    # Importing umap compiles for seconds: only a report with a map pays for it.
    import umap

    blocks = [cloud.real, *(points for _, points in cloud.others.values())]
    everyone = np.concatenate(blocks)
    n_neighbours = min(15, len(everyone) - 1)
    # Exact neighbours from scikit-learn spare umap's own search, whose compiling takes longer than all the rest.
    distances, neighbours = NearestNeighbors(n_neighbors=n_neighbours).fit(everyone).kneighbors(everyone)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flat = umap.UMAP(
            n_neighbors=n_neighbours,
            random_state=seed,
            n_epochs=epochs,
            init="pca",
            precomputed_knn=(neighbours, distances),
            force_approximation_algorithm=True,
        ).fit_transform(everyone)
    ends = np.cumsum([len(block) for block in blocks])[:-1]
    real, *others = np.split(np.asarray(flat, dtype=np.float64), ends)
    return Map(cloud, real, dict(zip(cloud.others, others, strict=True)))


def _heading(cloud: Cloud, n_instruments: int) -> str:
    return f"{cloud.split}, instrument {cloud.instrument}" if n_instruments > 1 else cloud.split


def _panel(axes: Axes, laid: Map, population: Population, *, title: str) -> None:
    for side in axes.spines.values():
        side.set_color(RULE)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=8, fontweight="normal")
    everyone = np.concatenate([laid.real, *laid.others.values()])
    low, high = everyone.min(axis=0), everyone.max(axis=0)
    margin = 0.05 * (high - low) + 1e-9
    axes.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))
    _dots(axes, laid.real, colour=COLOURS["real"], size=2.0, alpha=0.4)
    _dots(axes, laid.others[population.name], colour=COLOURS[population.kind], size=2.6, alpha=0.8)


def _dots(axes: Axes, points: np.ndarray, *, colour: str, size: float, alpha: float) -> None:
    """All points as one path of round dots: a tenth of the page that one element a point would take."""
    path = Path(np.repeat(points, 2, axis=0), np.tile([Path.MOVETO, Path.LINETO], len(points)))
    path.should_simplify = False
    patch = PathPatch(path, facecolor="none", edgecolor=colour, linewidth=size, capstyle="round", alpha=alpha)
    axes.add_patch(patch)


def _seen(data: ReportData) -> str:
    placed = [
        row
        for row in data.fidelity
        if row["source"] == "persona" and (row["n_personas"] or 0) > (row["n_unplaceable"] or 0)
    ]
    if not placed:
        return "No persona population has a place on the map."
    if all(row["pair_cosine_distance"] is None for row in placed):
        return "The persona populations here have no seed users to be held against."
    paired = [row for row in placed if None not in (row["cos_mean"], row["matched_real_cos_mean"])]
    if not paired:
        return "No persona population has two personas with a place and a seed user, whose cosines could be compared."
    tightest = max(paired, key=lambda row: row["cos_mean"] - row["matched_real_cos_mean"])
    return (
        f"Tightest beside its seed users is {tightest['population']} on {tightest['split']} under "
        f"{tightest['instrument']}: mean cosine {tightest['cos_mean']:.2f}, its seed users' "
        f"{tightest['matched_real_cos_mean']:.2f}."
    )
