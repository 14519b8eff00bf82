"""What measures: encoder and placement."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from python_assets.study.settings import Settings


class Encoder(Settings):
    """Multi-prototype Bradley-Terry encoder (Eq. 1 to 4, Table 4)."""

    prototypes: int = Field(4, ge=1)
    """K, the number of projectors."""
    dimension: int = Field(128, ge=1)
    """d, the output dimension."""
    hidden_width: int = Field(256, ge=1)
    """Width of each hidden layer."""
    hidden_layers: int = Field(2, ge=0)
    """Hidden layers of a projector."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout after each hidden layer while training."""
    mixture_temperature: float = Field(1.0, gt=0)
    """tau of Eq. 1."""
    mixture_init: Literal["normal", "zero"] = "normal"
    """Start of the users' w: N(0, I) as PAL and Algorithm 1, or zero."""
    logit_scale_init: float = math.log(1 / 0.07)
    """Start of sigma."""
    logit_scale_max: float = Field(100.0, gt=0)
    """Clamp of exp(sigma), as PAL."""
    projector_lr: float = Field(1e-4, gt=0)
    """Peak learning rate of the projectors."""
    mixture_lr: float = Field(5e-3, gt=0)
    """Peak learning rate of w."""
    logit_scale_lr: float = Field(0.1, gt=0)
    """Peak learning rate of sigma."""
    weight_decay: float = Field(0.01, ge=0)
    """AdamW weight decay of the projectors; w and sigma are not decayed, as PAL."""
    batch_size: int = Field(512, ge=1)
    """Pairs a step."""
    shuffle_buffer: int = Field(4_194_304, ge=1)
    """Pairs mixed in memory at a time (12 bytes each); a corpus with more is read from disk block by block."""
    max_epochs: int = Field(20, ge=1)
    """Epochs of the OneCycle schedule."""
    patience: int = Field(5, ge=1)
    """Epochs without a better validation pair accuracy before stopping."""
    warmup_fraction: float = Field(0.1, gt=0, lt=1)
    """Share of all steps with a rising learning rate."""
    gradient_clip: float = Field(1.0, gt=0)
    """Largest gradient norm."""
    precision: Literal["auto", "float32", "fp16-mixed"] = "auto"
    """fp16-mixed needs a GPU; auto takes it when there is one."""


class Placement(Settings):
    """How a persona's ratings become a place (Eq. 5, Algorithm 1, Table 5)."""

    objective: Literal["bpr", "correlation"] = "bpr"
    """Eq. 5, or the w whose scores correlate best with the ratings (scale-free)."""
    steps: int = Field(200, ge=1)
    """Adam steps."""
    learning_rate: float = Field(0.01, gt=0)
    """Adam learning rate."""
    init: Literal["normal", "zero"] = "normal"
    """Start of w; Algorithm 1 draws it from N(0, I)."""


class Instrument(Settings):
    """What measures: an encoder's settings and a placement's."""

    encoder: Encoder = Encoder()
    """How real users get their places."""
    placement: Placement = Placement()
    """How personas get theirs."""
    retrain_after: float = Field(0.1, ge=0)
    """New data: the encoder is trained anew once more than this share of its users, or of its items with their texts, is
    new, changed or gone; up to it, new and changed users are folded in (only their w is fitted). 0 trains at every change."""
    retests: int = Field(1, ge=0)
    """Further encoders trained under other seeds, to see how far the instrument agrees with itself."""
