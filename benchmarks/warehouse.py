"""Time ingest and SQL: a full build, one more batch, an unchanged re-run, the same steps in pandas, and on a lake.

Run from the repository: ``python -m benchmarks.warehouse [--reviews 250000] [--batch 0.01] [--json FILE]``. Pandas is not
among the project's packages: without it its lines are left out. Data tests and dbt's start have no counterpart there, so
that ``plain_ratio`` compares with ingest, models and one reading of all pairs; ``plain_share`` with the whole build.
With ``--lake ADDRESS --lake-data FOLDER``, an empty PostgreSQL database and a folder, the same files are taken in there too,
and ``lake_..._ratio`` is the lake's time over the file's.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.result import Apart, run_apart
from python_assets.addresses import open_warehouse
from python_assets.ingest import ingest_file
from python_assets.simulate import SimulationSettings, simulate
from python_assets.study import Population, Rater, Source, Study
from python_assets.study.tables import study_tables
from python_assets.warehouse import Warehouse

CATEGORIES = (("All_Beauty", 0.002), ("Musical_Instruments", 0.2), ("Software", 0.48), ("Video_Games", 0.318))
SPLITS = {**{name: [name] for name, _ in CATEGORIES}, "Combined": [name for name, _ in CATEGORIES]}
MODELS = ("staging", "corpus", "item_bands", "seed_users", "grounding_states+")
REVIEWS_PER_USER = 9.33
TIMESTAMP = re.compile(rb'"timestamp": ?(\d+)')
LAKE_FIGURES = ("full_s", "batch_s", "unchanged_sql_s", "full_ingest_s", "pairs_read_s", "sql_peak_mib")
DBT = Path(__file__).parents[1] / "dbt_project"


def hold_back(folder: Path, share: float) -> None:
    """Move the newest share of all reviews to files of their own, in the folder ``batch``; line by line."""
    files = sorted((folder / "raw" / "review_categories").glob("*.jsonl.gz"))
    times = array("q")
    for path in files:
        with gzip.open(path) as lines:
            times.extend(map(time_of, lines))
    at = int(len(times) * (1 - share))
    cut = int(np.partition(np.frombuffer(times, dtype=np.int64), at)[at])
    (folder / "batch").mkdir(exist_ok=True)
    for path in files:
        early, late = path.with_suffix(".early"), folder / "batch" / path.name
        with gzip.open(path) as lines, gzip.open(early, "wb", 1) as before, gzip.open(late, "wb", 1) as after:
            n_late = 0
            for line in lines:
                is_late = time_of(line) >= cut
                n_late += is_late
                (after if is_late else before).write(line)
        early.replace(path)
        if not n_late:
            late.unlink()


def time_of(line: bytes) -> int:
    """A review's time; broken lines have none and count as old."""
    found = TIMESTAMP.search(line)
    return int(found.group(1)) if found else -1


def ingest_folder(warehouse: str, reviews: str, items: str | None, batch_id: str) -> None:
    """Read the categories' files that are there; in a process of its own, for its memory."""
    target = open_warehouse(warehouse)
    for category, _ in CATEGORIES:
        path = Path(reviews) / f"{category}.jsonl.gz"
        if path.exists():
            ingest_file(target, path, category=category, kind="reviews", batch_id=batch_id)
        if items:
            path = Path(items) / f"meta_{category}.jsonl.gz"
            ingest_file(target, path, category=category, kind="items", batch_id=batch_id)


class Build(NamedTuple):
    """One ``dbt build`` of the corpus and grounding with its data tests; seconds of each model, and of all tests."""

    seconds: float
    peak_mib: float
    models: dict[str, float]


def run_dbt(warehouse: str, target: Path, *arguments: str) -> tuple[float, float]:
    """Seconds and peak MiB of a call of dbt.

    Raises:
        SystemExit: dbt failed; its log is in ``target``.
    """
    options = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--quiet"]
    names = {"PERSONA_FIDELITY_WAREHOUSE": warehouse, "DBT_TARGET_PATH": target, "DBT_LOG_PATH": target / "logs"}
    begun = time.perf_counter()
    dbt = subprocess.Popen(
        [Path(sys.executable).with_name("dbt"), *arguments, *options],
        cwd=DBT,
        stdout=subprocess.DEVNULL,  # DuckDB's progress bars
        env=os.environ | {name: str(path) for name, path in names.items()},
    )
    # Its own peak: that of all children together would be that of pandas.
    _, status, usage = os.wait4(dbt.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"dbt failed: see {target / 'logs' / 'dbt.log'}")
    return seconds, usage.ru_maxrss / 1024


def build(warehouse: str, target: Path) -> Build:
    """Build what changed."""
    seconds, peak_mib = run_dbt(warehouse, target, "build", "--exclude-resource-type", "unit_test", "--select", *MODELS)
    results = json.loads((target / "run_results.json").read_text())["results"]
    models = {
        node["unique_id"].split(".")[-1]: node["execution_time"]
        for node in results
        if node["unique_id"].startswith("model.")
    }
    models["data tests"] = sum(node["execution_time"] for node in results if node["unique_id"].startswith("test."))
    return Build(seconds, peak_mib, models)


def make_files(
    folder: Path, *, reviews: int, batch: float, seed: int, plain: bool
) -> tuple[dict[str, Path], Apart | None]:
    """Simulate the files unless they are there, hold the batch back; in between pandas."""
    files = {name: folder / "raw" / "review_categories" / f"{name}.jsonl.gz" for name, _ in CATEGORIES}
    if (folder / "batch").is_dir():
        return files, None
    users = max(10, round(reviews / REVIEWS_PER_USER))
    settings = SimulationSettings.model_validate(
        {"seed": seed, "users": users, "items": max(20, round(users * 0.224)), "mean_reviews": REVIEWS_PER_USER}
        | {"categories": CATEGORIES}
    )
    simulate(settings, folder, progress=False, overwrite=True)
    pandas = None
    if plain and importlib.util.find_spec("pandas"):
        from benchmarks.plain_warehouse import plain_warehouse

        items = {name: folder / "raw" / "meta_categories" / f"meta_{name}.jsonl.gz" for name, _ in CATEGORIES}
        with tempfile.TemporaryDirectory(dir=folder) as tables:
            pandas = run_apart(plain_warehouse, reviews=files, items=items, splits=SPLITS, folder=Path(tables))
    hold_back(folder, batch)
    return files, pandas


def read_pairs(warehouse: str) -> int:
    """Look at every pair once: they are a view."""
    ((pairs, _),) = open_warehouse(warehouse).rows(
        "select count(*), bit_xor(hash(user_id, preferred_item_id, other_item_id, rating_gap, fold)) from corpus.preference_pairs"
    )
    return int(pairs)


def measure(
    folder: Path,
    *,
    reviews: int,
    batch: float,
    seed: int,
    plain: bool = True,
    lake: str | None = None,
    lake_data: str | None = None,
) -> dict[str, Any]:
    """Everything that is timed, in seconds and MiB."""
    files, pandas = make_files(folder, reviews=reviews, batch=batch, seed=seed, plain=plain)
    warehouse = Warehouse(folder / "bench.duckdb")
    warehouse.path.unlink(missing_ok=True)
    found = measure_warehouse(warehouse, folder, reviews=files["Software"].parent)
    found["size"] = warehouse.size()
    if pandas:
        assert pandas.value[1] >= found["pairs_read"]
        ours = found["full_ingest_s"] + found["full_models_s"] + found["pairs_read_s"]
        found |= {"plain_s": pandas.seconds, "plain_peak_mib": pandas.peak_mib, "plain_pairs": pandas.value[1]}
        found |= {"plain_ratio": pandas.seconds / ours, "plain_share": pandas.seconds / found["full_s"]}
    if lake:
        there = open_warehouse(lake, lake_data=lake_data)
        on_lake = measure_warehouse(there, folder, reviews=files["Software"].parent)
        found |= {f"lake_{name}": on_lake[name] for name in LAKE_FIGURES}
        found |= {
            f"lake_{name[:-2]}_ratio": on_lake[name] / found[name] for name in LAKE_FIGURES if name.endswith("_s")
        }
        found |= {"lake_size": there.size(), "lake_models": on_lake["models"]}
        if contents(there) != contents(warehouse):
            sys.exit("the lake's tables are not those of the file")
    return found


def contents(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Rows and a hash of them, in any order."""
    tables = ("corpus.interactions", "corpus.users", "probes.item_bands", "personas.grounding_profiles")
    return [warehouse.rows(f"select count(*), bit_xor(hash(made)) from {table} as made")[0] for table in tables]


def measure_warehouse(warehouse: Warehouse, folder: Path, *, reviews: Path) -> dict[str, Any]:
    """A full build, one reading of all pairs, one more batch, and the SQL once more, in a warehouse that is empty."""
    target = folder / "target"
    warehouse.prepare()
    population = Population(name="perfect", condition="control", rater=Rater(backend="perfect"))
    sources = [Source(category=name, reviews=["unused"]) for name in SPLITS["Combined"]]
    study = Study(name="bench", sources=sources, splits=SPLITS, populations=[population])
    for table, rows in study_tables(study).items():
        warehouse.replace_slice(table, rows, where={})

    address = warehouse.address
    first: dict[str, Any] = {"warehouse": address, "batch_id": "first", "reviews": str(reviews)}
    full = run_apart(ingest_folder, **first, items=str(folder / "raw" / "meta_categories"))
    full_sql = build(address, target)
    print(f"full build: {full.seconds + full_sql.seconds:,.1f} s", flush=True)
    pairs = run_apart(read_pairs, warehouse=address)
    late = run_apart(ingest_folder, **(first | {"reviews": str(folder / "batch"), "batch_id": "second"}), items=None)
    batch_sql = build(address, target)
    again_sql = build(address, target)
    counted = warehouse.rows(
        "select (select count(*) from raw.reviews), (select count(*) from corpus.users),"
        " (select count(*) from corpus.preference_pairs)"
    )[0]
    return {
        **dict(zip(("reviews", "users", "pairs"), counted, strict=True)),
        "full_s": full.seconds + full_sql.seconds,
        "batch_s": late.seconds + batch_sql.seconds,
        "unchanged_sql_s": again_sql.seconds,
        "batch_share": (late.seconds + batch_sql.seconds) / (full.seconds + full_sql.seconds),
        "full_ingest_s": full.seconds,
        "batch_ingest_s": late.seconds,
        "ingest_peak_mib": full.peak_mib,
        "sql_peak_mib": max(full_sql.peak_mib, batch_sql.peak_mib, again_sql.peak_mib),
        "models": {"full": full_sql.models, "batch": batch_sql.models, "unchanged": again_sql.models},
        "full_models_s": sum(seconds for name, seconds in full_sql.models.items() if name != "data tests"),
        "pairs_read_s": pairs.seconds,
        "pairs_read": pairs.value,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warehouse", description=__doc__)
    parser.add_argument("--reviews", type=int, default=250_000, help="reviews simulated (the paper has 2,500,000)")
    parser.add_argument("--batch", type=float, default=0.01, help="share of them, the newest, that come later")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work, using its files again; a temporary one by default")
    parser.add_argument("--no-plain", action="store_true", help="leave pandas out: it holds everything in memory")
    parser.add_argument("--lake", metavar="ADDRESS", help="also on this lake: an empty PostgreSQL database")
    parser.add_argument("--lake-data", metavar="FOLDER", help="where the lake's files go")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        # dbt runs in a folder of its own.
        folder = (args.folder or Path(temporary)).resolve()
        sizes = {"reviews": args.reviews, "batch": args.batch, "seed": args.seed}
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(folder, **sizes, plain=not args.no_plain, lake=args.lake, lake_data=args.lake_data)
    for name, value in found.items():
        if not name.endswith("models"):
            shown = value if isinstance(value, str) else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
            print(f"{name:<22} {shown:>24}")
    slowest = sorted(found["models"]["full"], key=lambda name: -found["models"]["full"][name])[:12]
    print(f"\n{'slowest, seconds':<24}{'full':>9}{'batch':>9}{'unchanged':>11}")
    for name in slowest:
        full, batch, again = (found["models"][kind].get(name, 0.0) for kind in ("full", "batch", "unchanged"))
        print(f"{name:<24}{full:>9.2f}{batch:>9.2f}{again:>11.2f}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
