"""The multi-prototype Bradley-Terry encoder (Eq. 1 and 2), with all K projectors in one batched product."""

from __future__ import annotations

import io
import itertools

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from python_assets.encoder.geometry import ItemGeometry, item_geometry, pair_cosines
from python_assets.encoder.projection import project_with_dropout
from python_assets.study import Encoder

ITEM_DIMENSION = 384


class Projectors(nn.Module):
    """K MLPs P_k : R^384 -> R^d as stacked weights; PAL's order: linear, dropout, ReLU."""

    def __init__(self, settings: Encoder) -> None:
        super().__init__()
        self.dropout = settings.dropout
        widths = [ITEM_DIMENSION, *[settings.hidden_width] * settings.hidden_layers, settings.dimension]
        # Drawn projector by projector, as K separate nn.Sequential would be, so that a plain implementation starts equal.
        layers = [[nn.Linear(i, o) for i, o in itertools.pairwise(widths)] for _ in range(settings.prototypes)]
        by_depth = list(zip(*layers, strict=True))
        self.weights = nn.ParameterList(torch.stack([layer.weight.detach().T for layer in depth]) for depth in by_depth)
        self.biases = nn.ParameterList(
            torch.stack([layer.bias.detach() for layer in depth])[:, None] for depth in by_depth
        )

    def forward(self, texts: Tensor) -> Tensor:
        """Project text vectors, shape (n, 384), by every projector; shape (n, K, d)."""
        p = self.dropout if self.training else 0.0
        if p and texts.device.type == "cpu":
            return project_with_dropout(texts, [*self.weights], [*self.biases], p).transpose(0, 1)
        hidden = texts.expand(len(self.weights[0]), -1, -1)
        last = len(self.weights) - 1
        for depth, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if depth < last:
                hidden = functional.dropout(hidden.relu(), p)
        return hidden.transpose(0, 1)


class PreferenceEncoder(nn.Module):
    """Projectors, one mixture logit vector w a user, and the logit scale.

    Args:
        settings: Table 4.
        n_users: Rows of w; 0 for an encoder that only places others.
        context: The catalogue mean of Eq. 4, shape (384,).
        seed: Seed of all starting values.
    """

    def __init__(self, settings: Encoder, *, n_users: int, context: Tensor, seed: int) -> None:
        super().__init__()
        self.settings = settings
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.projectors = Projectors(settings)
            start = torch.randn(n_users, settings.prototypes)
        self.w = nn.Parameter(start if settings.mixture_init == "normal" else torch.zeros_like(start))
        self.sigma = nn.Parameter(torch.tensor(settings.logit_scale_init))
        self.sparse_users = False
        """Whether w's gradient holds only the users of a batch."""
        self.register_buffer("context", context.float().reshape(1, -1))

    context: Tensor

    def mixtures(self, users: Tensor | None = None) -> Tensor:
        """pi = softmax(w / tau) of Eq. 1, shape (users, K)."""
        logits = self.w if users is None else functional.embedding(users, self.w, sparse=self.sparse_users)
        return functional.softmax(logits / self.settings.mixture_temperature, dim=1)

    def scale(self) -> Tensor:
        """exp(sigma) of Eq. 2, clamped as PAL."""
        return self.sigma.exp().clamp(max=self.settings.logit_scale_max)

    def geometry(self, texts: Tensor) -> ItemGeometry:
        """K x K matrices of items given by their text vectors, shape (n, 384); context and items share one product."""
        return item_geometry(self.projectors(torch.cat([self.context, texts])).float())

    def forward(self, texts: Tensor, users: Tensor, preferred: Tensor, other: Tensor) -> Tensor:
        """Mean of Eq. 3 over a batch of pairs; each distinct item is projected once.

        Args:
            texts: phi of all items, shape (items, 384).
            users: User codes, shape (pairs,).
            preferred: Codes of the higher-rated items, shape (pairs,).
            other: Codes of the lower-rated items, shape (pairs,).
        """
        distinct, rows = torch.unique(torch.cat([preferred, other]), return_inverse=True)
        mixtures = self.mixtures(users).repeat(2, 1)
        better, worse = (
            pair_cosines(mixtures, self.geometry(texts.index_select(0, distinct)), rows) * self.scale()
        ).chunk(2)
        return functional.softplus(worse - better).mean()

    @torch.no_grad()
    def prototypes(self) -> Tensor:
        """C, the projections of the context without dropout, shape (K, d)."""
        was_training = self.training
        self.eval()
        projected = self.projectors(self.context)[0].float()
        self.train(was_training)
        return projected

    @torch.no_grad()
    def catalogue_geometry(self, texts: np.ndarray, *, batch: int = 8192) -> ItemGeometry:
        """K x K matrices of a whole catalogue without dropout, in batches that bound memory."""
        was_training = self.training
        self.eval()
        device = self.context.device
        parts = [
            self.geometry(torch.tensor(texts[start : start + batch]).to(device))
            for start in range(0, len(texts), batch)
        ]
        self.train(was_training)
        return ItemGeometry(torch.cat([p.cross for p in parts]), torch.cat([p.gram for p in parts]), parts[0].context)


def save_frozen(model: PreferenceEncoder) -> bytes:
    """Everything that is frozen in section 3.3: projectors, sigma and context; the users' w live in their own table."""
    state = {name: value for name, value in model.state_dict().items() if name != "w"}
    buffer = io.BytesIO()
    torch.save({"settings": model.settings.model_dump(), "state": state}, buffer)
    return buffer.getvalue()


def load_frozen(checkpoint: bytes) -> PreferenceEncoder:
    """The frozen encoder of a checkpoint, in evaluation mode, without users."""
    saved = torch.load(io.BytesIO(checkpoint), map_location="cpu", weights_only=True)
    settings = Encoder.model_validate(saved["settings"])
    model = PreferenceEncoder(settings, n_users=0, context=saved["state"]["context"], seed=0)
    model.load_state_dict(saved["state"], strict=False)
    return model.eval()
