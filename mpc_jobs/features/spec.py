"""The feature spec: everything that decides which integers a text becomes.

Two people who hold the same spec (and, for an encoder, the same model files) get the same
rows. A row ``x`` of ``d`` integers stands for the real vector ``x / 2**scale_bits``, whose
Euclidean norm is at most 1: training and its privacy accounting rely on that bound.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from redactory.canonical import canonical_json, digest_of, parse_canonical_json
from redactory.errors import InputError, IntegrityError

FORMAT: Final = "redactory-features/v1"
WIDEST: Final = 2**14
DEFAULT_WIDTH: Final = 1024
DEFAULT_SCALE_BITS: Final = 20

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=1, le=8)]
_STRICT = ConfigDict(frozen=True, extra="forbid")


class HashedNgrams(BaseModel):
    """Signed hashing of word and character n-grams (Weinberger et al., ICML 2009).

    Attributes:
        version: of the rules in :mod:`mpc_jobs.features.hashed`.
        words: longest word n-gram; 0 for none.
        chars: shortest and longest n-gram of characters within a word; None for none.
        damping: ``root`` takes the signed square root of every bucket, so that a word that
            is said ten times does not drown the others.
    """

    model_config = _STRICT

    kind: Literal["hashed-ngrams"] = "hashed-ngrams"
    version: Literal[1] = 1
    words: Annotated[int, Field(ge=0, le=4)] = 1
    chars: tuple[Size, Size] | None = (3, 4)
    damping: Literal["root", "none"] = "root"

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        if not self.words and self.chars is None:
            raise ValueError("neither words nor characters")
        if self.chars is not None and self.chars[0] > self.chars[1]:
            raise ValueError("the shortest n-gram is longer than the longest")
        return self


class SpacyVectors(BaseModel):
    """The mean of a spaCy pipeline's word vectors.

    Attributes:
        version: of the rules in :mod:`mpc_jobs.features.spacy_vectors`.
        model_sha256: digest of the vectors and the words they belong to.
    """

    model_config = _STRICT

    kind: Literal["spacy-vectors"] = "spacy-vectors"
    version: Literal[1] = 1
    model_sha256: Sha256


class OnnxEncoder(BaseModel):
    """A sentence encoder in ONNX form with a Hugging Face ``tokenizer.json``.

    Attributes:
        version: of the rules in :mod:`mpc_jobs.features.onnx_encoder`.
        model_sha256: digest of ``model.onnx``.
        tokenizer_sha256: digest of ``tokenizer.json``.
        pooling: ``mean`` over the tokens, or the ``first`` token.
        max_tokens: the rest of a longer text is not seen.
    """

    model_config = _STRICT

    kind: Literal["onnx-encoder"] = "onnx-encoder"
    version: Literal[1] = 1
    model_sha256: Sha256
    tokenizer_sha256: Sha256
    pooling: Literal["mean", "first"] = "mean"
    max_tokens: Annotated[int, Field(ge=8, le=8192)] = 256


class FeatureSpec(BaseModel):
    """How a record becomes ``d`` integers.

    Attributes:
        featuriser: what reads the text.
        columns: text columns that are read, one after the other.
        d: length of a row.
        scale_bits: the integer ``2**scale_bits`` stands for 1.
    """

    model_config = _STRICT

    format: Literal["redactory-features/v1"] = FORMAT
    featuriser: Annotated[
        HashedNgrams | SpacyVectors | OnnxEncoder, Field(discriminator="kind")
    ] = HashedNgrams()
    columns: Annotated[tuple[str, ...], Field(min_length=1, max_length=16)] = ("text",)
    d: Annotated[int, Field(ge=1, le=WIDEST)] = DEFAULT_WIDTH
    scale_bits: Annotated[int, Field(ge=4, le=24)] = DEFAULT_SCALE_BITS

    @property
    def norm_bound(self) -> int:
        """Largest Euclidean norm of a row, in integer units; also bounds each entry."""
        return 1 << self.scale_bits

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON: ``feature_spec_digest`` in the log."""
        return digest_of(self.model_dump(mode="json"))

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @classmethod
    def decode(cls, raw: bytes, *, where: str) -> FeatureSpec:
        """Parse a stored spec.

        Raises:
            IntegrityError: not canonical, or not a feature spec.
        """
        parse_canonical_json(raw, where=where)
        try:
            return cls.model_validate_json(raw)
        except ValidationError:
            raise IntegrityError("is not a feature spec", where=where) from None

    @classmethod
    def load(cls, path: Path) -> FeatureSpec:
        """The spec in a TOML or JSON file that a person wrote.

        Raises:
            InputError: it cannot be read, or is not a feature spec; says which field.
        """
        try:
            raw = path.read_text(encoding="utf-8")
            given: Any = tomllib.loads(raw) if path.suffix == ".toml" else json.loads(raw)
        except (OSError, ValueError):
            raise InputError("cannot be read as TOML or JSON", where=str(path)) from None
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise InputError(
                f"is not a feature spec: {field}: {first['msg']}",
                where=str(path),
                hint="redactory features spec prints one to start from",
            ) from None
