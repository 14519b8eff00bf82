"""Nothing is overwritten unasked, and nothing is left half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_assets.simulate import SimulationError, SimulationSettings, corpus, simulate

SMALL = SimulationSettings(users=20, items=60, mean_reviews=8)


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_folder_with_files_is_refused_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(SimulationError, match="is not empty"):
        simulate(SMALL, tmp_path, progress=False)
    assert _files(tmp_path) == {"mine.txt"}
    simulate(SMALL, tmp_path, progress=False, overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "keep me"
    assert len(_files(tmp_path)) == 7


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(SimulationError, match="Name another folder"):
        simulate(SMALL, tmp_path / "out", progress=False)


def test_an_interrupted_run_leaves_no_file_and_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(corpus, "metadata_lines", interrupt)
        with pytest.raises(KeyboardInterrupt):
            simulate(SMALL, tmp_path, progress=False)
    assert _files(tmp_path) == set()
    simulate(SMALL, tmp_path, progress=False)
    assert len(_files(tmp_path)) == 6


def test_an_interrupted_overwrite_keeps_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(SMALL, tmp_path, progress=False)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(corpus, "metadata_lines", full_disk)
    with pytest.raises(SimulationError, match="No space left"):
        simulate(SMALL.model_copy(update={"seed": 9}), tmp_path, progress=False, overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
