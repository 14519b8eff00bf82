"""Ingest files in a process of its own, which a test can kill: ``python -m tests.ingest.worker WAREHOUSE FILE ...``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from python_assets.ingest import IngestError, ingest_file
from python_assets.warehouse import Warehouse

if __name__ == "__main__":
    # A full disk and a file that may not grow fail alike, once the signal is out of the way.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    warehouse = Warehouse(sys.argv[1])
    try:
        warehouse.prepare()
        print("ready", flush=True)
        for name in sys.argv[2:]:
            ingest_file(warehouse, Path(name), category="C", kind="reviews", batch_id="b")
    except IngestError as error:
        sys.exit(str(error))
