"""The answer store: every LLM answer under a hash of its whole request, so that a killed run asks only for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Literal

import duckdb
import pyarrow as pa

from python_assets.progress import progress_bar
from python_assets.raters.chat import Answer, ChatModel, ChatRequest, request_hash
from python_assets.raters.parse import parse_likert
from python_assets.study import Rater, Writer
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError

FLUSH_SECONDS = 15.0
"""Answers of a slow model are written down at least this often, even when a chunk is not full: a killed process loses
no more of what was paid for."""

OLD = ("request_hash", "status", "text")
"""By which a stored answer is told from one that has taken its place."""

Purpose = Literal["write", "rate"]
Progress = Callable[[int, int], None]


def ask_missing(
    warehouse: Warehouse,
    model: ChatModel,
    requests: Sequence[ChatRequest],
    *,
    settings: Writer | Rater,
    progress: Progress | None = None,
) -> dict[str, Answer]:
    """Answers to all requests: known ones from ``ml.answers``, the others from the model.

    Each chunk (a rater's ``chunk_size`` answers, or 100 of a writer) is written in one short transaction before the
    next is asked, and no connection is open while the model works. What arrived before an error or an interrupt is
    written too. An answer ``too_long`` is not stored: it costs nothing to find again, and a larger context cures it. A
    stored answer that is of no use is asked for again, see ``is_of_use``, and the new one takes its place.

    Args:
        warehouse: Where ``ml.answers`` is.
        model: Who answers.
        requests: All of one purpose; repeated ones are asked once.
        settings: A writer's for personas, a rater's for ratings.
        progress: Called with (answered, wanted) after each step, besides the progress bar.

    Returns:
        Answers by request hash.
    """
    purpose: Purpose = "write" if isinstance(settings, Writer) else "rate"
    if wrong := {request.purpose for request in requests} - {purpose}:
        raise ValueError(f"{purpose} settings cannot answer {wrong.pop()} requests")
    size = settings.chunk_size if isinstance(settings, Rater) else 100
    wanted = {request_hash(r, identity=model.identity, settings=settings): r for r in by_persona(requests)}
    known = known_answers(warehouse, wanted)
    answers = {key: answer for key, answer in known.items() if is_of_use(answer, settings)}
    outdated = {key: answer for key, answer in known.items() if key not in answers}
    missing = [request for key, request in wanted.items() if key not in answers]
    if progress:
        progress(len(answers), len(wanted))
    label = {"write": "writing personas", "rate": "rating probes"}[purpose]
    parts = _stored(warehouse, model, missing, settings=settings, purpose=purpose, size=size, outdated=outdated)
    bar = progress_bar(f"{label} ({model.name})", total=len(wanted), done=len(answers), unit="answer")
    with closing(parts), bar:
        for chunk in parts:
            answers.update((answer.request_hash, answer) for answer in chunk)
            bar.update(len(chunk))
            if progress:
                progress(len(answers), len(wanted))
    if unanswered := len(wanted) - len(answers):
        raise RuntimeError(f"{model.name} left {unanswered} of {len(wanted)} requests unanswered")
    return answers


def is_of_use(answer: Answer, settings: Writer | Rater) -> bool:
    """Whether a stored answer need not be asked for again.

    It must where there is no text, and where a constrained rating is none: the server ignored the constraint, and cut
    the text at a ``max_tokens`` that the hash leaves out. Free text that is no rating is an answer like any other: to
    ask until it is one would bias the ratings.
    """
    if isinstance(settings, Rater) and settings.elicitation == "expected" and answer.probabilities is not None:
        return True
    if isinstance(settings, Rater) and settings.elicitation == "likert" and settings.constrain:
        return parse_likert(answer.text)[1] == "ok"
    return answer.status != "empty"


def every_tenth(log: Callable[[str], None], what: str) -> Callable[[int, int], None]:
    """A progress callback that logs one line for every tenth of the work."""
    last = -1

    def progress(done: int, wanted: int) -> None:
        nonlocal last
        tenth = 10 * done // max(wanted, 1)
        if tenth > last:
            log(f"{done:,} of {wanted:,} {what}")
            last = tenth

    return progress


def by_persona(requests: Iterable[ChatRequest]) -> list[ChatRequest]:
    """Requests with the same system prompt after each other, so that its key-value cache is computed once."""
    groups: dict[str, list[ChatRequest]] = {}
    for request in requests:
        groups.setdefault(request.system, []).append(request)
    return [request for group in groups.values() for request in group]


def known_answers(warehouse: Warehouse, hashes: Iterable[str]) -> dict[str, Answer]:
    """The stored ones among these hashes, in one read."""
    keys = pa.table({"request_hash": pa.array(list(hashes), pa.string())})
    with warehouse.connect() as connection:
        connection.register("wanted", keys)
        rows = connection.execute(
            "select request_hash, text, probabilities, status, n_prompt_tokens "
            "from ml.answers join wanted using (request_hash)"
        ).fetchall()
    # A lake gives a list for what a file gives as a tuple.
    return {key: Answer(key, text, p and tuple(p), status, length) for key, text, p, status, length in rows}


def store_answers(
    warehouse: Warehouse,
    answers: Sequence[Answer],
    *,
    purpose: Purpose,
    backend: str,
    model: str,
    outdated: Mapping[str, Answer] | None = None,
) -> None:
    """Add answers that are not there yet, in one transaction.

    Args:
        warehouse: Where ``ml.answers`` is.
        answers: New ones; those whose hash is stored already are left out.
        purpose: Of all of them.
        backend: Who gave them.
        model: Who gave them.
        outdated: Stored answers by hash that new ones take the place of, unless others have done so meanwhile.
    """
    if not answers:
        return
    columns = dict(zip(Answer._fields, zip(*answers, strict=True), strict=True))
    count = len(answers)
    incoming = pa.table(
        {
            "request_hash": pa.array(columns["request_hash"], pa.string()),
            "purpose": pa.array([purpose] * count),
            "text": pa.array(columns["text"], pa.string()),
            "probabilities": pa.array(columns["probabilities"], pa.list_(pa.float32(), 5)),
            "status": pa.array(columns["status"], pa.string()),
            "backend": pa.array([backend] * count),
            "model": pa.array([model] * count),
            "n_prompt_tokens": pa.array(columns["n_prompt_tokens"], pa.int32()),
            "created_at": pa.array([datetime.now(UTC).replace(tzinfo=None)] * count, pa.timestamp("us")),
        }
    )

    replaced = [outdated[key] for key in columns["request_hash"] if key in outdated] if outdated else []
    old = pa.table({name: pa.array([getattr(answer, name) for answer in replaced], pa.string()) for name in OLD})

    def store(connection: duckdb.DuckDBPyConnection) -> None:
        if replaced:
            connection.register("outdated", old)
            connection.execute(
                "delete from ml.answers where (request_hash, status, coalesce(text, '')) in "
                "(select (request_hash, status, coalesce(text, '')) from outdated)"
            )
        connection.register("incoming", incoming)
        # An anti-join and not `on conflict`: the table has no primary key.
        connection.execute(
            "insert into ml.answers by name select distinct on (request_hash) * from incoming "
            "where request_hash not in (select request_hash from ml.answers) order by request_hash"
        )

    warehouse.write(store)


def _stored(
    warehouse: Warehouse,
    model: ChatModel,
    requests: Sequence[ChatRequest],
    *,
    settings: Writer | Rater,
    purpose: Purpose,
    size: int,
    outdated: Mapping[str, Answer],
) -> Generator[list[Answer]]:
    """Ask in chunks; hand on each part after it arrived, and store each chunk before the next."""
    waiting: list[Answer] = []

    def flush() -> None:
        keep = [answer for answer in waiting if answer.status != "too_long"]
        by = {"backend": model.backend, "model": model.name}
        store_answers(warehouse, keep, purpose=purpose, **by, outdated=outdated)
        waiting.clear()

    for start in range(0, len(requests), size):
        last_write = time.monotonic()
        parts = _ask(model, requests[start : start + size], settings)
        try:
            for part in map(_storable, parts):
                waiting.extend(part)
                yield part
                if time.monotonic() - last_write > FLUSH_SECONDS:
                    flush()
                    last_write = time.monotonic()
        except BaseException as error:
            waiting.extend(_storable(_under_way(parts, error)))
            raise
        finally:
            try:
                flush()
            except (duckdb.Error, WarehouseError):
                raise
            except BaseException:
                # An interrupt undid the write.
                flush()
                raise


def _ask(model: ChatModel, requests: Sequence[ChatRequest], settings: Writer | Rater) -> Iterator[list[Answer]]:
    return model.write(requests, settings) if isinstance(settings, Writer) else model.rate(requests, settings)


def _under_way(parts: Iterator[list[Answer]], error: BaseException) -> list[Answer]:
    """What a model hands on when it is told of an error that hit a write, or whoever uses the answers, and not itself."""
    with suppress(BaseException):
        if isinstance(parts, Generator):
            # Closed is closed by an error elsewhere; a model that is only closed hands on nothing.
            handed: list[Answer] = parts.throw(KeyboardInterrupt() if isinstance(error, GeneratorExit) else error)
            return handed
    return []


def _storable(part: Sequence[Answer]) -> list[Answer]:
    """Texts with the replacement character for halves of a character, which no file can hold."""
    return [answer._replace(text=answer.text and _whole_characters(answer.text)) for answer in part]


def _whole_characters(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
