"""Figures as inline SVG, and the pieces that keep them readable."""

from __future__ import annotations

import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from python_assets.report.clouds import Cloud
from python_assets.report.figure4_local_global import _spread
from python_assets.report.figure5_map import _lay_out
from python_assets.report.figure5_map import _seen as seen_on_the_map
from python_assets.report.figure6_distances import _between_seeds
from python_assets.report.figure_gaps import printed_unit, worse_by
from python_assets.report.names import in_order, shorten_apart
from python_assets.report.style import COLOURS, INK, new_figure, to_svg


def drawn(text: str = "label") -> str:
    figure = new_figure(4, 2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=COLOURS["persona"])
    axes.set_title(text, color=INK)
    return str(to_svg(figure, name="test", label=text))


def test_colours_and_fonts_follow_the_page() -> None:
    svg = drawn()
    assert "var(--persona)" in svg
    assert "var(--ink)" in svg
    assert COLOURS["persona"] not in svg
    assert "DejaVu" not in svg
    assert "var(--sans)" in svg


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert drawn() == drawn()


def test_ids_carry_the_figures_name() -> None:
    assert all(name.startswith("test-") for name in re.findall(r'\bid="([^"]+)"', drawn()))


def test_labels_are_text_not_formulas_or_tags() -> None:
    svg = drawn('$a_1$ <b> & "q"')
    assert "$a_1$ &lt;b&gt; &amp;" in svg
    assert "<b>" not in svg
    assert 'aria-label="$a_1$ &lt;b&gt; &amp; &#34;q&#34;"' in svg


def test_long_names_that_begin_alike_are_told_apart() -> None:
    names = [f"grounded_a_model_of_2026_temperature_{i:02d}_with_all_probes" for i in range(20)]
    short = shorten_apart([*names, "perfect_rater", names[0]], 30)
    assert short["perfect_rater"] == "perfect_rater"
    assert short[names[3]] == "grounded…ure_03_with_all_prob…"
    assert len(set(short.values())) == 21
    assert max(map(len, short.values())) == 30


def test_names_that_differ_late_or_hardly_are_cut_all_the_same() -> None:
    late = ["a" * 40 + end for end in ("x", "y" + "b" * 40 + "1", "y" + "b" * 40 + "2", "")]
    assert len(set(shorten_apart(late, 30).values())) == 4
    blanks = ["one population", "one population "]
    assert set(shorten_apart(blanks, 30)) == set(blanks)


@pytest.mark.parametrize("values", [[0.9, 0.9, 0.9], [0.05, 0.04, 0.02, 0.0], [0.9, 0.5, 0.1], [0.0]])
def test_labels_keep_their_distance_and_stay_on_the_axes(values: list[float]) -> None:
    placed = _spread(values, 0.06)
    assert all(upper - lower >= 0.06 - 1e-9 for upper, lower in pairwise(placed))
    assert min(placed) >= -1e-9
    assert max(placed) <= 1


def test_worse_is_positive_for_coverage_and_distances() -> None:
    assert worse_by("coverage", -0.6) == 0.6
    assert worse_by("mmd", 0.2) == 0.2
    assert worse_by("mmd", None) is None


def test_gaps_are_drawn_in_the_unit_of_the_tables() -> None:
    assert [printed_unit(*given) for given in (("coverage", -0.6), ("mmd", 0.25), ("mmd", None))] == [0.6, 250, None]


def test_rows_stand_in_one_order_everywhere() -> None:
    rows = [
        {"population": "random_baseline", "source": "reference"},
        {"population": "synthetic_gmm", "source": "synthetic"},
        {"population": "ignorant_rater", "source": "control"},
        {"population": "b", "source": "persona"},
        {"population": "a", "source": "persona"},
        {"population": "real_subsample", "source": "reference"},
    ]
    names = [population.name for population in in_order(rows, ["b", "a"])]
    assert names == ["real_subsample", "b", "a", "ignorant_rater", "synthetic_gmm", "random_baseline"]


def test_the_map_is_the_same_under_the_same_seed_and_keeps_clusters_apart() -> None:
    rng = np.random.default_rng(0)
    near, far = (rng.normal(loc=loc, scale=0.1, size=(40, 8)).astype(np.float32) for loc in (0.0, 5.0))
    cloud = Cloud("split", "paper", near, {"far": ("persona", far)})
    first, again = (_lay_out(cloud, seed=7, epochs=30) for _ in range(2))
    np.testing.assert_array_equal(first.real, again.real)
    gap = np.linalg.norm(first.real.mean(axis=0) - first.others["far"].mean(axis=0))
    assert gap > 2 * first.real.std(axis=0).max()


def fidelity(**values: object) -> dict[str, object]:
    row = {
        "population": "p",
        "split": "s",
        "instrument": "i",
        "source": "persona",
        "n_personas": 12,
        "n_unplaceable": 0,
    }
    return row | {"cos_mean": 0.5, "matched_real_cos_mean": 0.3, "pair_cosine_distance": 0.2} | values


def test_the_line_between_seed_users_counts_each_population_by_its_personas() -> None:
    few = fidelity(n_unplaceable=10, matched_real_cos_mean=1.0)
    unpaired = fidelity(matched_real_cos_mean=None)
    data = SimpleNamespace(fidelity=[fidelity(), fidelity(n_personas=26), few, unpaired, fidelity(instrument="other")])
    assert _between_seeds(data, "s", "i") == pytest.approx(1 - (38 * 0.3 + 2 * 1.0) / 40)
    assert _between_seeds(data, "other", "i") is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (fidelity(n_unplaceable=12, cos_mean=None), "No persona population has a place on the map."),
        (fidelity(n_unplaceable=11, cos_mean=None, matched_real_cos_mean=None), "No persona population has two personas"),
        (fidelity(matched_real_cos_mean=None, pair_cosine_distance=None), "The persona populations here have no seed users"),
        (fidelity(), "Tightest beside its seed users is p on s under i: mean cosine 0.50, its seed users' 0.30."),
    ],
)  # fmt: skip
def test_what_is_seen_on_the_map_tells_no_place_from_one(row: dict[str, object], said: str) -> None:
    assert seen_on_the_map(SimpleNamespace(fidelity=[row])).startswith(said)
