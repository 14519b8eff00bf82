"""What a study's upkeep costs as the nights go by: a batch of new reviews each, one `run` each, and all at once for comparison.

Run from the repository: ``python -m benchmarks.nights [--nights 20] [--users 4000] [--share 0.005] [--json FILE]``. Looks at the
time of a run, and at everything that it leaves on the disk: the warehouse, Dagster's history, dbt's artifacts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.end_to_end import RUN, add_study_options, study_of, watched
from benchmarks.warehouse import DBT, REVIEWS_PER_USER, hold_back
from python_assets.simulate import SimulationSettings, simulate

CATEGORIES = (("Software", 0.6), ("Video_Games", 0.4))
SPLITS = {"Software": ["Software"], "Video_Games": ["Video_Games"], "Combined": ["Software", "Video_Games"]}


class Night(NamedTuple):
    """One run, and what is on the disk after it."""

    seconds: float
    warehouse_mb: float
    dagster_mb: float
    """DAGSTER_HOME."""
    runs: int
    """Runs in Dagster's history."""
    dbt_mb: float
    """Artifacts of dbt's invocations, of every user of this installation."""


def megabytes(folder: Path, pattern: str = "**/*") -> float:
    """Size of the files in a folder."""
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file()) / 1e6


def night(folder: Path) -> Night:
    """Run the study once."""
    seconds, _ = watched(RUN, folder)
    runs = folder / ".dagster" / "history" / "runs"
    return Night(
        seconds,
        warehouse_mb=megabytes(folder / "warehouse", "*.duckdb"),
        dagster_mb=megabytes(folder / ".dagster"),
        runs=sum(path.suffix == ".db" and path.stem != "index" for path in runs.iterdir()),
        dbt_mb=megabytes(DBT / "target", "dbt_models*/**/*"),
    )


def hold_back_nights(data: Path, later: Path, *, nights: int, share: float) -> list[Path]:
    """Move the newest reviews to one folder a night, oldest first."""
    folders = []
    for number in reversed(range(nights)):
        # Each takes the same number, of the fewer that are left.
        hold_back(data, share / (1 - share * (nights - 1 - number)))
        folders.append((data / "batch").rename(later / f"night_{number + 1:03d}"))
    return folders[::-1]


def measure(
    folder: Path, *, nights: int, users: int, items: int, share: float, epochs: int, personas: int, seed: int
) -> dict[str, Any]:
    """The first run, every night, and a run over the same files from nothing."""
    settings = SimulationSettings.model_validate(
        {"seed": seed, "users": users, "items": items, "mean_reviews": REVIEWS_PER_USER, "categories": CATEGORIES}
    )
    kept, anew = folder / "kept", folder / "anew"
    for place in (kept, anew, folder / "later"):
        place.mkdir(parents=True, exist_ok=True)
    simulate(settings, kept / "data", progress=False, overwrite=True)
    batches = hold_back_nights(kept / "data", folder / "later", nights=nights, share=share)
    study = study_of(epochs=epochs, personas=personas, splits=SPLITS)
    (kept / "study.yml").write_text(yaml.safe_dump(study, sort_keys=False))
    looks = [night(kept)]
    line = "{:>6}{:>10.1f}{:>14.1f}{:>12.1f}{:>8}{:>10.1f}"
    print(f"{'night':>6}{'seconds':>10}{'warehouse MB':>14}{'Dagster MB':>12}{'runs':>8}{'dbt MB':>10}")
    print(line.format("first", *looks[0]), flush=True)
    for number, batch in enumerate(batches, start=1):
        batch.rename(kept / "data" / batch.name)
        looks.append(night(kept))
        print(line.format(number, *looks[-1]), flush=True)
    for name in ("data", "study.yml"):
        (anew / name).symlink_to(kept / name)
    at_once = night(anew)
    print(line.format("anew", *at_once), flush=True)
    return {"nights": [look._asdict() for look in looks], "anew": at_once._asdict()}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nights", description=__doc__)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.005, help="share of all reviews that a night brings")
    add_study_options(parser, users=4_000, items=900, personas=100)
    args = parser.parse_args()
    names = ("nights", "users", "items", "share", "epochs", "personas", "seed")
    sizes = {name: getattr(args, name) for name in names}
    with tempfile.TemporaryDirectory() as temporary:
        found = measure((args.folder or Path(temporary)).resolve(), **sizes)
    if args.json:
        args.json.write_text(json.dumps({"sizes": sizes, **found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
