"""One torch thread for work made of small tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Small operations on several threads wait for each other longer than they compute.

    On two cores with another busy process, fitting three personas took 30 s with two threads and 0.3 s with one.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
