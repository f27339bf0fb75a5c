"""The name model: a small BERT encoder with word shapes and a linear tagger, in PyTorch.

Devlin et al. 2019 (BERT), Wang et al. 2020 (MiniLM). The table of token types holds the
eight word shapes of ``pii_rules.ner.shapes``. Used at training time only.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from pii_rules.ner.shapes import SHAPES


class Layer(nn.Module):
    """A post-norm transformer layer."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.grow = nn.Linear(width, inner)
        self.shrink = nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x``: ``[batch, n, width]``; ``mask``: added to the scores, ``[batch, 1, 1, n]``."""
        batch, n, width = x.shape
        q, k, v = (
            part.view(batch, n, self.heads, -1).transpose(1, 2)
            for part in self.qkv(x).split(width, dim=-1)
        )
        rate = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=rate)
        mixed = self.output(mixed.transpose(1, 2).reshape(batch, n, width))
        x = self.norm1(x + functional.dropout(mixed, self.dropout, self.training))
        deep = self.shrink(functional.gelu(self.grow(x)))
        return self.norm2(x + functional.dropout(deep, self.dropout, self.training))


class Tagger(nn.Module):
    """Tags of pieces.

    Args:
        vocabulary: number of pieces.
        tags: number of tags.
        layers: number of layers, each as wide as MiniLM's.
        dropout: while training.
    """

    def __init__(self, vocabulary: int, tags: int, layers: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        width, heads, inner = 384, 12, 1536
        self.words = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(512, width)
        self.shapes = nn.Embedding(SHAPES, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(width, heads, inner, dropout) for _ in range(layers))
        self.head = nn.Linear(width, tags)
        self.dropout = dropout

    def embed(self, ids: Tensor, shapes: Tensor) -> Tensor:
        """``ids``, ``shapes``: ``int64[batch, n]``."""
        x = self.words(ids) + self.places.weight[: ids.shape[1]] + self.shapes(shapes)
        return functional.dropout(self.norm(x), self.dropout, self.training)

    def forward(self, ids: Tensor, shapes: Tensor, present: Tensor) -> Tensor:
        """Scores ``float[batch, n, tags]``; ``present``: ``bool[batch, n]``, False at padding."""
        mask = torch.where(present, 0.0, -1e4)[:, None, None, :]
        x = self.embed(ids, shapes)
        for layer in self.layers:
            x = layer(x, mask.to(x.dtype))
        scores: Tensor = self.head(functional.dropout(x, self.dropout, self.training))
        return scores

    def start_from(self, weights: Path, keep: list[int]) -> None:
        """Take the weights of a BERT checkpoint (safetensors).

        Args:
            weights: the file, keys as in Hugging Face's ``BertModel``.
            keep: which of its layers become ours, in order.
        """
        have = load_file(weights)
        e = "embeddings."
        self.words.weight.data.copy_(have[e + "word_embeddings.weight"])
        self.places.weight.data.copy_(have[e + "position_embeddings.weight"])
        self.shapes.weight.data.copy_(
            have[e + "token_type_embeddings.weight"][:1].repeat(SHAPES, 1)
        )
        _copy(self.norm, have, e + "LayerNorm")
        for layer, index in zip(self.layers, keep, strict=True):
            p = f"encoder.layer.{index}."
            for kind in ("weight", "bias"):
                parts = [
                    have[f"{p}attention.self.{name}.{kind}"] for name in ("query", "key", "value")
                ]
                getattr(layer.qkv, kind).data.copy_(torch.cat(parts))
            _copy(layer.output, have, p + "attention.output.dense")
            _copy(layer.norm1, have, p + "attention.output.LayerNorm")
            _copy(layer.grow, have, p + "intermediate.dense")
            _copy(layer.shrink, have, p + "output.dense")
            _copy(layer.norm2, have, p + "output.LayerNorm")


def _copy(module: nn.Linear | nn.LayerNorm, have: dict[str, Tensor], name: str) -> None:
    module.weight.data.copy_(have[name + ".weight"])
    module.bias.data.copy_(have[name + ".bias"])
