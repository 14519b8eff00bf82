"""Two lakes never share a report, or a run history, on one machine."""

from __future__ import annotations

import re

import pytest

from python_assets.lake import Lake
from python_assets.lake.names import local_name
from python_assets.warehouse.file_errors import WarehouseError


@pytest.fixture(autouse=True)
def no_server_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's PostgreSQL counts."""
    for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("dbname=fidelity", "fidelity"),
        ("dbname=fidelity host=localhost port=5432 user=me", "fidelity"),
        ("host=/var/run/postgresql dbname='fidelity'", "fidelity"),
        ("postgresql://me@127.0.0.1/fidelity", "fidelity"),
        ("dbname=fidelity host=127.0.0.1 port=5433", "fidelity-5433"),
        ("dbname=fidelity host=DB.example.org user=me", "fidelity-db.example.org"),
        ("postgresql://me@db.example.org:5433/fidelity", "fidelity-db.example.org-5433"),
        ("postgresql://[fe80::1]:5433/fidelity", "fidelity-fe80--1-5433"),
        ("dbname=fidelity hostaddr=10.0.0.7", "fidelity-10.0.0.7"),
        ("hostaddr=127.0.0.1 dbname=fidelity", "fidelity"),
        ("hostaddr=10.0.0.7 host=db.example.org dbname=fidelity", "fidelity-db.example.org"),
        ("postgresql://me@/fidelity?hostaddr=10.0.0.7", "fidelity-10.0.0.7"),
        ("dbname='two words' user=me", "two-words"),
        ("postgresql://me@localhost/fidelity?sslmode=require", "fidelity"),
        ("service=mine", "lake-mine"),
        ("postgresql://me@/?service=mine", "lake-mine"),
        ("service=mine dbname=fidelity", "fidelity-mine"),
        ("user=me", "lake"),
    ],
)
def test_the_server_is_part_of_the_name_where_it_is_not_the_usual_one(address: str, name: str) -> None:
    assert local_name(f"ducklake:postgres:{address}") == name


def test_what_the_environment_says_of_the_server_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.org")
    monkeypatch.setenv("PGDATABASE", "mine")
    assert local_name("ducklake:postgres:user=me") == "mine-db.example.org"
    assert local_name("ducklake:postgres:host=localhost dbname=other") == "other"
    monkeypatch.delenv("PGHOST")
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.7")
    assert local_name("ducklake:postgres:user=me") == "mine-10.0.0.7"


@pytest.mark.parametrize(
    "url", ["file:///shared/fidelity", "file:/shared/fidelity", "file://localhost/shared/fidelity"]
)
def test_a_folder_is_not_a_url(url: str) -> None:
    with pytest.raises(
        WarehouseError, match=re.escape(f"--lake-data {url} is a URL: give the folder's own path, /shared/fidelity.")
    ):
        Lake("ducklake:postgres:dbname=fidelity", data=url)
