"""Training on several devices: one process a device, each with its share of every batch (torch's DistributedDataParallel).

Every process reads the split itself and ends each step with the same weights; only the first one writes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


def rank() -> int:
    """Number of this process among those that train together; 0 when it trains alone."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def world_size() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def device_of_this_process() -> torch.device:
    """This process's GPU, or the CPU."""
    return torch.device("cuda", rank()) if torch.cuda.is_available() else torch.device("cpu")


def share_of(rows: np.ndarray) -> np.ndarray:
    """The rows of a batch that this process takes."""
    return rows[rank() :: world_size()]


def in_parallel(model: nn.Module) -> nn.Module:
    """The model, or a wrapper that averages its gradients over all processes."""
    return DistributedDataParallel(model) if world_size() > 1 else model


def run_on_devices(function: Callable[..., None], *arguments: Any, processes: int) -> None:
    """Call a function of a module in several processes that train together, and wait for all of them.

    Args:
        function: Called in every process; it must be importable.
        arguments: Its arguments; they are pickled.
        processes: How many; one a GPU.

    Raises:
        torch.multiprocessing.ProcessRaisedException: One of them failed; the others are ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = (processes, Path(folder) / "rendezvous", function, arguments)
        torch.multiprocessing.spawn(_join, args=arguments, nprocs=processes)


def _join(
    number: int, processes: int, rendezvous: Path, function: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(number)
    distributed.init_process_group(backend, init_method=rendezvous.as_uri(), rank=number, world_size=processes)
    try:
        function(*arguments)
    finally:
        distributed.destroy_process_group()
