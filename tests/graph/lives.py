"""Random things that happen to a study: files come, change and go, settings change, runs are cut off."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND, run_command

CATEGORIES = ("All_Beauty", "Musical_Instruments")
TIMESTAMP = re.compile(rb'"timestamp": (\d+)')
RATING = re.compile(rb'"rating": ([1-5])(?:\.0)?')
FIRST_FILES = 3
"""Files of each category at the beginning; as many come later."""
IN_THE_UI = """
import sys
import dagster as dg
from dagster_defs.definitions import defs
from dagster_defs.history import open_history
job, split, population = sys.argv[1:]
partition = dg.MultiPartitionKey({"split": split, "population": population}) if population else split or None
with open_history() as instance:
    job = defs.resolve_job_def(job)
    sys.exit(not job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False).success)
"""
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


class Life:
    """A folder with files and a study, to which things happen.

    Args:
        folder: Empty.
        corpus: The bundled one.
        address: Of a server that answers as a chat model.
        environment: Of every command.
        seed: What happens follows from it.
        follows: Whether probes and encoders follow the corpus at once.
    """

    def __init__(
        self, folder: Path, corpus: Path, address: str, environment: dict[str, str], *, seed: int, follows: bool
    ) -> None:
        self.folder, self.address, self.environment = folder, address, environment
        self.chance = random.Random(seed)
        self.study = first_study(address, follows=follows)
        self.former = [deepcopy(self.study)]
        self.said: list[str] = []
        self.files, self.to_come = folder / "files", folder / "to_come"
        self.files.mkdir()
        self.to_come.mkdir()
        for name in CATEGORIES:
            lines = gzip.decompress(
                (corpus / "raw" / "review_categories" / f"{name}.jsonl.gz").read_bytes()
            ).splitlines()
            # In order of time, as files come in life.
            lines.sort(key=lambda line: int((TIMESTAMP.findall(line) or [0])[-1]))
            parts = 2 * FIRST_FILES
            for number in range(parts):
                where = self.files if number < FIRST_FILES else self.to_come
                part = lines[len(lines) * number // parts : len(lines) * (number + 1) // parts]
                (where / f"{name}.{number}.jsonl").write_bytes(b"\n".join(part) + b"\n")
            items = gzip.decompress((corpus / "raw" / "meta_categories" / f"meta_{name}.jsonl.gz").read_bytes())
            (self.files / f"meta_{name}.jsonl").write_bytes(items)
        self.write_study()

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder / "warehouse" / "life.duckdb")

    def write_study(self) -> None:
        (self.folder / "life.yml").write_text(yaml.safe_dump(self.study, sort_keys=False))

    def note(self, *words: object) -> None:
        self.said.append(" ".join(map(str, words)))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = run_command(self.folder, self.environment, *arguments)
        self.note(*arguments, "->", done.returncode, done.stderr.strip().splitlines()[-1:])
        return done

    def run_in_the_ui(self) -> None:
        """One job on one partition, as its button starts it."""
        job = self.chance.choice(("prepare", "encode", "evaluate", "evaluate", "publish"))
        split = self.chance.choice(list(self.study["splits"])) if job in ("encode", "evaluate") else ""
        population = self.chance.choice(self.study["populations"])["name"] if job == "evaluate" else ""
        environment = self.environment | {
            "PERSONA_FIDELITY_STUDY": str(self.folder / "life.yml"),
            "PERSONA_FIDELITY_WAREHOUSE": str(self.warehouse.path),
        }
        command = [sys.executable, "-c", IN_THE_UI, job, split, population]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        self.note("in the UI", job, split, population, "->", done.returncode)

    def killed_run(self, *arguments: str) -> None:
        """A run whose processes are all killed at some moment, if it has not ended by then."""
        process = subprocess.Popen(
            [str(COMMAND), "run", *arguments], cwd=self.folder, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        seconds = self.chance.uniform(3, 25)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGSTOP)
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
            process.wait()
        self.note("run", *arguments, f"killed after {seconds:.1f} s ->", process.returncode)

    # What may happen to files.

    def a_file_comes(self) -> None:
        waiting = sorted(self.to_come.iterdir())
        if waiting:
            file = self.chance.choice(waiting)
            shutil.move(file, self.files / file.name)
            self.note("comes", file.name)

    def a_file_changes(self) -> None:
        file = self.chance.choice(self.review_files())
        lines = file.read_bytes().splitlines()
        for number in self.chance.sample(range(len(lines)), len(lines) // 20):
            lines[number] = re.sub(rb'"text": "', b'"text": "On second thoughts: ', lines[number])
            lines[number] = RATING.sub(lambda found: b'"rating": %d' % (6 - int(found[1])), lines[number])
        file.write_bytes(b"\n".join(lines) + b"\n")
        self.note("ratings change in", file.name)

    def a_file_is_cut(self) -> None:
        """A changed file is merged: what it no longer holds goes when it is taken out first, and read again."""
        file = self.chance.choice(self.review_files())
        lines = file.read_bytes().splitlines(keepends=True)
        file.unlink()
        self.note("the last tenth goes from", file.name)
        self.command("ingest", "--study", "life.yml", "--withdraw", str(file))
        file.write_bytes(b"".join(lines[: len(lines) * 9 // 10]))

    def a_file_goes(self) -> None:
        file = self.chance.choice(self.review_files())
        if len(list(self.files.glob(f"{file.name.partition('.')[0]}.*"))) > 2:
            shutil.move(file, self.to_come / file.name)
            self.note("goes", file.name)
            self.command("ingest", "--study", "life.yml", "--withdraw-missing")

    def titles_change(self) -> None:
        file = self.files / f"meta_{self.chance.choice(CATEGORIES)}.jsonl"
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
        for line in self.chance.sample(lines, len(lines) // 10):
            line["title"] = f"New {line['title']}"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.note("titles change in", file.name)

    def review_files(self) -> list[Path]:
        return sorted(file for file in self.files.iterdir() if not file.name.startswith("meta_"))

    # What may happen to the study.

    def a_setting_changes(self) -> None:
        self.former.append(deepcopy(self.study))
        change = self.chance.choice(SETTINGS)
        change(self.study, self.address)
        self.write_study()
        self.note("setting", re.sub(r"^_", "", change.__name__))

    def the_study_is_taken_back(self) -> None:
        self.former.append(self.study)
        self.study = deepcopy(self.chance.choice(self.former))
        self.write_study()
        self.note("taken back")

    # What may be run.

    def a_run(self) -> None:
        chance = self.chance
        study = ["--study", "life.yml"]
        kind = chance.choice(
            ("whole", "until", "from", "split", "keep_going", "limit", "killed", "killed", "ui", "ui", "ingest")
        )
        split = chance.choice(list(self.study["splits"]))
        stage = chance.choice(("prepare", "encode", "evaluate"))
        options: dict[str, list[str]] = {
            "whole": [],
            "until": ["--until", stage],
            "from": ["--from", chance.choice(("encode", "evaluate", "publish"))],
            "split": ["--split", split],
            "keep_going": ["--keep-going"],
            "limit": ["--limit", "3"],
        }
        if kind == "killed":
            self.killed_run(*study, *options[chance.choice(list(options))])
        elif kind == "ui":
            self.run_in_the_ui()
        elif kind == "ingest":
            self.command("ingest", *study)
        else:
            self.command("run", *study, *options[kind])

    def go_on(self) -> None:
        """One to three things happen, and a run."""
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice(
                (
                    self.a_file_comes,
                    self.a_file_changes,
                    self.a_file_is_cut,
                    self.a_file_goes,
                    self.titles_change,
                    self.a_setting_changes,
                    self.a_setting_changes,
                    self.a_setting_changes,
                    self.the_study_is_taken_back,
                )
            )()
        self.a_run()


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
