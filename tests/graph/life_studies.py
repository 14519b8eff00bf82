"""A small study, and what may change in it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

CATEGORIES = ("All_Beauty", "Musical_Instruments")
INSTRUMENT = {"retests": 0, "retrain_after": 0, "encoder": {"max_epochs": 1, "hidden_width": 16, "hidden_layers": 1}}
FEW = {"resamples": 2, "permutations": 9, "projections": 10, "sample_size": 30, "triplets": 100}


def first_study(address: str, *, follows: bool) -> dict[str, Any]:
    """Two splits, one instrument, a control and personas of a server.

    Args:
        address: The server's.
        follows: Whether probes and encoders follow the corpus at once; else probes stay, and few new users are folded in.
    """
    study: dict[str, Any] = {
        "name": "life",
        "seed": 7,
        "sources": [
            {"category": name, "reviews": f"files/{name}.*.jsonl", "items": f"files/meta_{name}.jsonl"}
            for name in CATEGORIES
        ],
        "splits": {"Combined": list(CATEGORIES), "Music": ["Musical_Instruments"]},
        "probes": {"count": 12, "refresh": True},
        "instruments": {"paper": deepcopy(INSTRUMENT)},
        "populations": [
            {"name": "perfect_rater", "condition": "control", "size": 20, "rater": {"backend": "perfect"}},
            {"name": "grounded", "condition": "grounded", "size": 4, "rater": server_rater(address)},
        ],
        "metrics": dict(FEW),
    }
    if not follows:
        del study["probes"]["refresh"], study["instruments"]["paper"]["retrain_after"]
    return study


def server_rater(address: str) -> dict[str, Any]:
    return {"backend": "openai", "model": "m", "base_url": address, "options": {"max_retries": 0, "timeout": 10}}


Change = Callable[[dict[str, Any], str], None]


def _other_seed(study: dict[str, Any], _: str) -> None:
    study["seed"] += 1


def _other_core(study: dict[str, Any], _: str) -> None:
    study["core"] = 11 - study.get("core", 5)


def _other_gap(study: dict[str, Any], _: str) -> None:
    study["pairs"] = {"min_gap": 2.0} if study.get("pairs") != {"min_gap": 2.0} else {"max_pairs_per_user": 5}


def _more_probes(study: dict[str, Any], _: str) -> None:
    study["probes"]["count"] += 3


def _other_window(study: dict[str, Any], _: str) -> None:
    study["grounding"] = {"window": "all", "snippet_chars": 40 + len(str(study))}


def _another_split(study: dict[str, Any], _: str) -> None:
    if "Beauty" in study["splits"]:
        study["splits"].pop("Music", None)
    study["splits"]["Beauty"] = ["All_Beauty"]


def _fewer_splits(study: dict[str, Any], _: str) -> None:
    if len(study["splits"]) > 1:
        study["splits"].popitem()


def _other_order(study: dict[str, Any], _: str) -> None:
    study["splits"] = {name: members[::-1] for name, members in reversed(study["splits"].items())}


def _members_change(study: dict[str, Any], _: str) -> None:
    study["splits"]["Combined"] = ["All_Beauty"] if len(study["splits"].get("Combined", [])) > 1 else list(CATEGORIES)


def _another_instrument(study: dict[str, Any], _: str) -> None:
    if study["instruments"].pop("free", None) is None:
        study["instruments"]["free"] = deepcopy(INSTRUMENT) | {"placement": {"objective": "correlation"}}


def _longer_training(study: dict[str, Any], _: str) -> None:
    study["instruments"]["paper"]["encoder"]["max_epochs"] += 1


def _a_retest(study: dict[str, Any], _: str) -> None:
    study["instruments"]["paper"]["retests"] = 1 - study["instruments"]["paper"]["retests"]


def _another_placement(study: dict[str, Any], _: str) -> None:
    study["instruments"]["paper"]["placement"] = {"steps": 50 + len(str(study))}


def _another_population(study: dict[str, Any], address: str) -> None:
    names = [population["name"] for population in study["populations"]]
    if "random_rater" in names:
        study["populations"] = [p for p in study["populations"] if p["name"] != "random_rater"]
    else:
        study["populations"].insert(
            0, {"name": "random_rater", "condition": "control", "size": 9, "rater": {"backend": "random"}}
        )
    if len(names) > 2:
        study["populations"].append(
            {"name": f"told_{len(str(study))}", "condition": "demographic", "size": 3, "rater": server_rater(address)}
        )


def _fewer_populations(study: dict[str, Any], _: str) -> None:
    if len(study["populations"]) > 1:
        study["populations"].pop()


def _other_sizes(study: dict[str, Any], _: str) -> None:
    for population in study["populations"]:
        population["size"] = 25 - population["size"] if population["size"] < 25 else 5


def _the_rater_changes(study: dict[str, Any], address: str) -> None:
    for population in study["populations"]:
        if population["condition"] != "control":
            population["rater"] = server_rater(address) | {"max_tokens": population["rater"].get("max_tokens", 8) + 1}


def _other_metrics(study: dict[str, Any], _: str) -> None:
    study["metrics"]["resamples"] = 5 - study["metrics"]["resamples"]


def _other_users(study: dict[str, Any], _: str) -> None:
    study["metrics"]["users"] = "with_pairs"


def _other_baselines(study: dict[str, Any], _: str) -> None:
    study["baselines"] = {"dirichlet_anchors": 2 + len(study["populations"]), "gmm_components": 3}


SETTINGS: tuple[Change, ...] = (
    _other_seed, _other_core, _other_gap, _more_probes, _other_window, _another_split, _fewer_splits, _other_order, _members_change,
    _another_instrument, _longer_training, _a_retest, _another_placement, _another_population, _fewer_populations, _other_sizes,
    _the_rater_changes, _other_metrics, _other_users, _other_baselines,
)  # fmt: skip
