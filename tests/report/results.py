"""The ``results`` schema of a test's world: scores that hang together, so that a gap's parts add up to the gap."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.report.world import FLOOR, REFERENCES, Instrument, Personas, World

Rows = defaultdict[str, list[dict[str, Any]]]
RESULTS_DDL = """
    create schema results;
    create table results.population_metrics (split varchar, population varchar, source varchar, condition varchar,
        rater varchar, instrument varchar, metric varchar, value double, std double, ci_low double, ci_high double,
        p_value double, n integer, resamples integer, seed bigint, config_hash varchar, code_version varchar);
    create table results.fgi (split varchar, population varchar, source varchar, condition varchar, rater varchar,
        instrument varchar, metric varchar, anchor varchar, fgi double, value double, floor_value double,
        ceiling_value double, anchors_apart boolean, n integer);
    create table results.fidelity (split varchar, population varchar, instrument varchar, source varchar,
        condition varchar, rater varchar, coverage double, cos_mean double, pair_cosine_distance double, pair_l2_distance double,
        rank_accuracy double, rank_accuracy_of_others double, rating_correlation double, fgi_fpd double, fgi_mmd double, fgi_swd double,
        fgi_coverage double, norm_ratio double, coverage_full_population double, matched_real_cos_mean double,
        n_personas double, n_unplaceable double);
    create table results.gap_decomposition (split varchar, population varchar, instrument varchar, metric varchar,
        floor double, protocol double, persona double, total double);
    create table results.instrument_reliability (split varchar, instrument varchar, n_seeds bigint,
        retest_user_cosine double, retest_user_scores double, init_correlation double, floor_coverage double,
        perfect_rater_coverage double,
        perfect_rater_pair_distance double, ignorant_rater_coverage double, verdict varchar);
"""
# Metric: its value at coverage 0, and its ceiling.
DISTANCES = {"fpd": (0.0033, 0.0068), "mmd": (0.33, 0.037), "swd": (0.0044, 0.0021)}


def result_rows(world: World) -> Rows:
    """Rows of the five tables, by table."""
    rows: Rows = defaultdict(list)
    for split in world.splits:
        for name, instrument in world.instruments.items():
            key = {"split": split, "instrument": name}
            reliability = {"retest_user_cosine": instrument.retest, "retest_user_scores": instrument.retest}
            reliability |= {"perfect_rater_coverage": instrument.perfect, "floor_coverage": FLOOR, "n_seeds": 2}
            reliability |= {"ignorant_rater_coverage": instrument.ignorant, "init_correlation": 0.98}
            rows["results.instrument_reliability"].append(key | reliability | {"verdict": instrument.verdict})
            for population, scores in REFERENCES.items():
                _scores(rows, key | {"population": population}, *scores)
            if instrument.ignorant is not None:
                ignorant = key | {"population": "ignorant_rater"}
                _scores(rows, ignorant, "control", instrument.ignorant, 0.26)
                rows["results.fidelity"].append(
                    ignorant | {"source": "control", "coverage": instrument.ignorant, "cos_mean": 0.26}
                )
            for p in world.populations:
                coverage = p.coverage.get(name) if p.unplaceable < p.n else None
                _fidelity(rows, key, p, coverage)
                if coverage is not None:
                    _scores(rows, key | {"population": p.name}, p.source, coverage, p.cosine)
                if coverage is not None and p.source == "persona":
                    _gap(rows, key | {"population": p.name}, coverage, instrument)
    return rows


def distance(coverage: float, metric: str) -> float:
    """A made-up distance that falls as coverage rises."""
    return DISTANCES[metric][0] * (1 - coverage) ** 2


def fgi(coverage: float, metric: str) -> float:
    """Eq. 6 and Eq. 7 with the world's floor and ceiling."""
    if metric == "coverage":
        return (FLOOR - coverage) / (FLOOR - 0.02)
    floor, ceiling = distance(FLOOR, metric), DISTANCES[metric][1]
    return (distance(coverage, metric) - floor) / (ceiling - floor)


def _scores(rows: Rows, key: dict[str, str], source: str, coverage: float, cosine: float) -> None:
    who = key | {"source": source, "n": 126}
    values = {"coverage": coverage, "cos_mean": cosine} | {metric: distance(coverage, metric) for metric in DISTANCES}
    for metric, value in values.items():
        spread = {"std": 0.06 * value, "ci_low": 0.9 * value, "ci_high": min(1.1 * value, 1.0), "resamples": 5}
        made = {"p_value": 0.002 if metric == "mmd" else None, "seed": 42, "config_hash": "99", "code_version": "0.1.0"}
        rows["results.population_metrics"].append(who | {"metric": metric, "value": value} | spread | made)
    for anchor in ("paper", "on_manifold"):
        for metric in ("coverage", *DISTANCES):
            floor = FLOOR if metric == "coverage" else distance(FLOOR, metric)
            row = {"metric": metric, "anchor": anchor, "fgi": fgi(coverage, metric), "floor_value": floor}
            rows["results.fgi"].append(who | row | {"value": values[metric]})


def _fidelity(rows: Rows, key: dict[str, str], p: Personas, coverage: float | None) -> None:
    row: dict[str, Any] = {"population": p.name, "condition": p.condition, "rater": p.model or p.backend}
    row |= {"source": p.source, "n_personas": float(p.n), "n_unplaceable": float(p.unplaceable)}
    if coverage is not None:
        row |= {"coverage": coverage, "cos_mean": p.cosine, "norm_ratio": 0.62 + 0.4 * coverage}
        row |= {f"fgi_{metric}": fgi(coverage, metric) for metric in ("coverage", *DISTANCES)}
        if p.rank_accuracy is not None:
            row |= {"rank_accuracy": p.rank_accuracy, "rating_correlation": 0.58}
            row |= {"pair_cosine_distance": 0.25, "matched_real_cos_mean": 0.29}
    rows["results.fidelity"].append(key | row)


def _gap(rows: Rows, key: dict[str, str], coverage: float, instrument: Instrument) -> None:
    for metric in ("coverage", *DISTANCES):

        def value(share: float, metric: str = metric) -> float:
            return share if metric == "coverage" else distance(share, metric)

        row: dict[str, Any] = {"metric": metric, "floor": value(FLOOR), "total": value(coverage) - value(FLOOR)}
        if instrument.perfect is not None:
            perfect = value(instrument.perfect)
            row |= {"protocol": perfect - value(FLOOR), "persona": value(coverage) - perfect}
        rows["results.gap_decomposition"].append(key | row)
