"""Review and item files, and what may happen to them."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.graph.life_studies import CATEGORIES

TIMESTAMP = re.compile(rb'"timestamp": (\d+)')
RATING = re.compile(rb'"rating": ([1-5])(?:\.0)?')
FIRST_FILES = 3
"""Files of each category at the beginning; as many come later."""
Ingest = Callable[..., object]


class Files:
    """The bundled corpus in several files a category, in order of time as files come in life; half of them are there.

    Args:
        folder: Of the study; its files are in ``files``.
        corpus: The bundled one.
        chance: Decides which file it is.
        note: Told what happens.
        ingest: The command, for what is taken out first.
    """

    def __init__(
        self, folder: Path, corpus: Path, *, chance: random.Random, note: Callable[..., None], ingest: Ingest
    ) -> None:
        self.here, self.to_come = folder / "files", folder / "to_come"
        self.chance, self.note, self.ingest = chance, note, ingest
        self.here.mkdir()
        self.to_come.mkdir()
        for name in CATEGORIES:
            reviews = corpus / "raw" / "review_categories" / f"{name}.jsonl.gz"
            lines = gzip.decompress(reviews.read_bytes()).splitlines()
            lines.sort(key=lambda line: int((TIMESTAMP.findall(line) or [0])[-1]))
            parts = 2 * FIRST_FILES
            for number in range(parts):
                where = self.here if number < FIRST_FILES else self.to_come
                part = lines[len(lines) * number // parts : len(lines) * (number + 1) // parts]
                (where / f"{name}.{number}.jsonl").write_bytes(b"\n".join(part) + b"\n")
            items = corpus / "raw" / "meta_categories" / f"meta_{name}.jsonl.gz"
            (self.here / f"meta_{name}.jsonl").write_bytes(gzip.decompress(items.read_bytes()))

    def comes(self) -> None:
        waiting = sorted(self.to_come.iterdir())
        if waiting:
            file = self.chance.choice(waiting)
            shutil.move(file, self.here / file.name)
            self.note("comes", file.name)

    def changes(self) -> None:
        file = self._some_reviews()
        lines = file.read_bytes().splitlines()
        for number in self.chance.sample(range(len(lines)), len(lines) // 20):
            lines[number] = re.sub(rb'"text": "', b'"text": "On second thoughts: ', lines[number])
            lines[number] = RATING.sub(lambda found: b'"rating": %d' % (6 - int(found[1])), lines[number])
        file.write_bytes(b"\n".join(lines) + b"\n")
        self.note("ratings change in", file.name)

    def is_cut(self) -> None:
        """A changed file is merged: what it no longer holds goes when it is taken out first, and read again."""
        file = self._some_reviews()
        lines = file.read_bytes().splitlines(keepends=True)
        file.unlink()
        self.note("the last tenth goes from", file.name)
        self.ingest("--withdraw", str(file))
        file.write_bytes(b"".join(lines[: len(lines) * 9 // 10]))

    def goes(self) -> None:
        file = self._some_reviews()
        if len(list(self.here.glob(f"{file.name.partition('.')[0]}.*"))) > 2:
            shutil.move(file, self.to_come / file.name)
            self.note("goes", file.name)
            self.ingest("--withdraw-missing")

    def titles_change(self) -> None:
        file = self.here / f"meta_{self.chance.choice(CATEGORIES)}.jsonl"
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
        for line in self.chance.sample(lines, len(lines) // 10):
            line["title"] = f"New {line['title']}"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.note("titles change in", file.name)

    def _some_reviews(self) -> Path:
        return self.chance.choice(sorted(file for file in self.here.iterdir() if not file.name.startswith("meta_")))
