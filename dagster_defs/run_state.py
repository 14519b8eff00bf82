"""What a run may leave out: steps whose data, settings and code are those of the last time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

import dagster as dg

from dagster_defs.workspace import PROJECT, Workspace
from python_assets.fingerprints import (
    code_fingerprint,
    digest,
    encode_fingerprint,
    encoders_fingerprint,
    evaluate_fingerprint,
    imports_fingerprint,
    prepare_fingerprint,
    raw_fingerprint,
    seeds_fingerprint,
    split_fingerprint,
)
from python_assets.ingest import IngestError, source_files
from python_assets.measured import forget_measured_on, forget_scores
from python_assets.prepared import is_prepared
from python_assets.raters.model_state import known_states, model_state, note_state, same_model
from python_assets.stages import (
    CORPUS,
    Stage,
    finished_stages,
    forget_split,
    former_fingerprint,
    keep_former_fingerprints,
    last_finished,
    mark,
)
from python_assets.study import IMPORTED
from python_assets.study.files import StudyError
from python_assets.warehouse.file_errors import WarehouseError

CANNOT_LOOK = (IngestError, StudyError, WarehouseError, OSError)
"""Why it may not be known what is due: a fingerprint cannot be taken, or nothing be read."""


class Step(NamedTuple):
    """One job on one partition."""

    job: str
    partition: dg.MultiPartitionKey | str | None
    label: str
    own_process: bool = False

    @property
    def stage(self) -> Stage:
        """Its name in ``raw.stages``."""
        return Stage(self.job, str(self.partition or ""))

    @property
    def split(self) -> str | None:
        """Whose encoder or populations it is about."""
        parts = self.partition
        return parts.keys_by_dimension["split"] if isinstance(parts, dg.MultiPartitionKey) else parts

    @property
    def population(self) -> str | None:
        """Which one of the study's it is about, on that split; None: no single one."""
        parts = self.partition
        return parts.keys_by_dimension["population"] if isinstance(parts, dg.MultiPartitionKey) else None

    def needs(self, other: Step) -> bool:
        """Whether it can do nothing without what another step makes: a population, its split's encoder."""
        return self.job == "evaluate" and other.job == "encode" and self.split == other.split


class Fingerprint(NamedTuple):
    """Of all that a step depends on; as text it is what ``raw.stages`` and the tags of runs have."""

    inputs: str
    model: str = ""
    """Its state stands for itself, as not every machine can tell it."""

    def __str__(self) -> str:
        return f"{self.inputs}:{self.model}" if self.model else self.inputs

    @classmethod
    def parse(cls, text: str) -> Fingerprint:
        """Read the text; of nothing it is like no other."""
        inputs, _, model = text.partition(":")
        return cls(inputs, model)

    def same(self, now: Fingerprint) -> bool:
        """Whether a later one is of the same inputs, and of a model with the same content."""
        return self.inputs == now.inputs and same_model(self.model, now.model)


class RunState:
    """Fingerprints of the steps of one run, taken as the run comes to them.

    Args:
        workspace: Study, files and warehouse.
        reads_weights: Whether a model whose files look otherwise than before is read, to see whether it is another one; else it is
            taken for one.
    """

    def __init__(self, workspace: Workspace, *, reads_weights: bool = True) -> None:
        self.workspace, self.study, self.warehouse = workspace, workspace.study, workspace.warehouse
        self.code = code_fingerprint(PROJECT)
        self._contents: dict[str, str] = {}
        self._encoders: dict[str, str] = {}
        self._reads_weights = reads_weights

    def is_done(self, step: Step) -> bool:
        """Whether the step was finished with the same inputs, and its output is there."""
        done = finished_stages(self.warehouse)
        if step.stage not in done or (step.job == "publish" and not has_report(self.workspace)):
            return False
        # Files may have been withdrawn, or settings of another study written, since dbt last made corpus and probes.
        if step.job == "prepare" and (
            done.get(CORPUS) != raw_fingerprint(self.warehouse) or not is_prepared(self.warehouse, self.study)
        ):
            return False
        before = Fingerprint.parse(done[step.stage])
        # A model, whose weights may have to be read, is looked at last.
        return before.inputs == self._inputs(step) and same_model(before.model, self._model(step, done))

    @contextmanager
    def doing(self, step: Step) -> Iterator[None]:
        """Forget that the step was done; remember it when it ends well."""
        done = finished_stages(self.warehouse)
        # Taken beforehand: what changes while the step runs makes it due again.
        began = Fingerprint(self._inputs(step), self._model(step, done))
        if step.job == "prepare":
            self._contents.clear()
        if step.job == "encode":
            self._encoders.pop(str(step.split), None)
            keep_former_fingerprints(self.warehouse, str(step.split))
        is_other = not Fingerprint.parse(done.get(step.stage, "")).same(began)
        # First: a step that breaks off here, marked and without scores, would be done if what changed were taken back.
        if step.stage in done:
            mark(self.warehouse, step.stage, None)
        if step.population and is_other:
            # Should it fail now, under --keep-going say, what it scored with other evidence or imports is in no results. What it
            # was scored with is not known where its encoder has been looked at since.
            forget_scores(self.warehouse, split=str(step.split), population=step.population)
        yield
        mark(self.warehouse, step.stage, str(self.with_fetched_model(step, began)))

    def note_model(self, step: Step) -> None:
        """Keep what has been found of an unchanged step's model, so that no other run reads its weights for that."""
        done = finished_stages(self.warehouse)
        if not (state := self._model(step, done)):
            return
        former = Fingerprint.parse(done.get(step.stage, ""))
        if state not in (former.model, *known_states(self.warehouse)):
            note_state(self.warehouse, state)

    def forget_older(self, encode: Step, populations: Iterable[Step]) -> bool:
        """Of a split whose encoder has failed, delete what was scored with other data, settings or code: nobody could tell it
        from its neighbours in the results. With the same, as where memory ran out, it stays.

        Args:
            encode: The step that failed.
            populations: Steps that are left out for it.

        Returns:
            Whether all scores of the split were such ones, and are gone.
        """
        split = str(encode.split)
        # It may have failed before it came to that.
        forget_split(self.warehouse, split)
        if former_fingerprint(self.warehouse, split) != self._inputs(encode):
            return forget_measured_on(self.warehouse, split)
        for step in populations:
            former = Fingerprint.parse(former_fingerprint(self.warehouse, step.stage.partition) or "")
            self._models.add(former.model)
            if former.inputs and step.population and not former.same(self.fingerprint(step)):
                forget_scores(self.warehouse, split=split, population=step.population)
        return False

    def fingerprint(self, step: Step) -> Fingerprint:
        """Of everything that the step depends on, as it is now."""
        return Fingerprint(self._inputs(step), self._model(step, finished_stages(self.warehouse)))

    def personas_fingerprint(self, step: Step) -> Fingerprint:
        """Of what a population's personas alone depend on: on no encoder."""
        inputs = self._population_fingerprint(step, encoded=self.code, encoders="")
        return Fingerprint(inputs, self._model(step, finished_stages(self.warehouse)))

    def with_fetched_model(self, step: Step, fingerprint: Fingerprint) -> Fingerprint:
        """A fingerprint from before the step, and the state of the model that the step has fetched if it was not here then."""
        return fingerprint._replace(model=fingerprint.model or self._model(step, {}))

    def _inputs(self, step: Step) -> str:
        if step.job == "prepare":
            files = source_files(self.study.sources, roots=self.workspace.roots)
            return prepare_fingerprint(self.study, [file.path for file in files], code=self.code)
        if step.job == "publish":
            rest = {stage: value for stage, value in finished_stages(self.warehouse).items() if stage.job != "publish"}
            return digest("publish", sorted(rest.items()), self.study.config_hash(), self.code)
        split = step.split
        assert split is not None
        encoded = encode_fingerprint(self.study, self._content(split), code=self.code)
        if step.job == "encode":
            return encoded
        return self._population_fingerprint(step, encoded=encoded, encoders=self._encoders_of(split))

    def _population_fingerprint(self, step: Step, *, encoded: str, encoders: str) -> str:
        split, population = str(step.split), self.study.population(str(step.population))
        seeds = None
        if population.takes_seed_users:
            seeds = seeds_fingerprint(self.warehouse, split, population.size)
        elif population.condition == IMPORTED:
            seeds = imports_fingerprint(self.warehouse, split, population.name)
        return evaluate_fingerprint(
            self.study, population, split=split, encoded=encoded, encoders=encoders, seeds=seeds
        )

    def _model(self, step: Step, done: Mapping[Stage, str]) -> str:
        if step.population is None:
            return ""
        former = Fingerprint.parse(done.get(step.stage, ""))
        population = self.study.population(step.population)
        state = model_state(population.rater, known=[former.model, *self._models], read=self._reads_weights)
        self._models.add(state)
        return state

    @cached_property
    def _models(self) -> set[str]:
        return set(known_states(self.warehouse))

    def _encoders_of(self, split: str) -> str:
        if split not in self._encoders:
            self._encoders[split] = encoders_fingerprint(self.warehouse, self.study, split)
        return self._encoders[split]

    def _content(self, split: str) -> str:
        if split not in self._contents:
            self._contents[split] = split_fingerprint(self.warehouse, split)
        return self._contents[split]


def has_report(workspace: Workspace) -> bool:
    """Whether a report is here that is no older than what it is made of: of a lake, another machine may have published since.

    Args:
        workspace: Its warehouse has marks of finished stages.
    """
    if not workspace.report_path.exists():
        return False
    made = datetime.fromtimestamp(workspace.report_path.stat().st_mtime, UTC).replace(tzinfo=None)
    newest = last_finished(workspace.warehouse)
    # Another machine's clock may be ahead: until then it is not known which was first, and every look would find the report too old.
    return newest is None or newest <= made or newest > datetime.now(UTC).replace(tzinfo=None)
