"""A scikit-learn transformer: ``make_pipeline(SanitizingTransformer(), TfidfVectorizer(), …)``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin

from pii_rules.sanitizer import Sanitizer


class SanitizingTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts in, texts without personal data out; learns nothing from them.

    Args:
        policy: a built-in policy or the path of a TOML file.
        key: 32 bytes, for tokens that agree between fits; never shown by ``repr``.
        ner: what finds names.
    """

    def __init__(
        self, policy: str = "gdpr", *, key: bytes | None = None, ner: str = "embedded"
    ) -> None:
        self.policy = policy
        self.key = key
        self.ner = ner

    def fit(self, X: Iterable[str], y: Any = None) -> SanitizingTransformer:  # noqa: ARG002, N803
        """Load rules and models; the texts are not looked at."""
        self.sanitizer_ = Sanitizer.from_policy(self.policy, key=self.key, ner=self.ner)
        return self

    def transform(self, X: Iterable[str]) -> list[str | None]:  # noqa: N803
        """The texts without personal data.

        Raises:
            LeakError: a text may not be released.
        """
        return self.sanitizer_.sanitize(list(X))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "sanitizer_")

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:  # noqa: N803 - scikit-learn's form
        return f"SanitizingTransformer(policy={self.policy!r}, ner={self.ner!r})"
