"""A study to which things happen in random order: its files and settings change, and runs of every kind, some of them killed."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import yaml

from python_assets.warehouse import Warehouse
from tests.graph.conftest import COMMAND, run_command
from tests.graph.life_files import Files
from tests.graph.life_studies import SETTINGS, first_study

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
        self.files = Files(folder, corpus, chance=self.chance, note=self.note, ingest=self.ingest)
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

    def ingest(self, *arguments: str) -> None:
        self.command("ingest", "--study", "life.yml", *arguments)

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
            self.ingest()
        else:
            self.command("run", *study, *options[kind])

    def go_on(self) -> None:
        """One to three things happen, and a run."""
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice(
                (
                    self.files.comes,
                    self.files.changes,
                    self.files.is_cut,
                    self.files.goes,
                    self.files.titles_change,
                    self.a_setting_changes,
                    self.a_setting_changes,
                    self.a_setting_changes,
                    self.the_study_is_taken_back,
                )
            )()
        self.a_run()
