"""What a policy says about one entity type: operator, threshold, and the operator's parameters.

NIST SP 800-188 section 4 names the techniques; ``docs/policies.md`` says what each operator
promises.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

OperatorName = Literal[
    "replace",
    "redact",
    "mask",
    "generalise",
    "token",
    "reversible",
    "surrogate",
    "date_shift",
    "keep",
]
Language = Literal["en", "zh"]
DEFAULT_THRESHOLD: Final = 0.4
# Part of the configuration digest: raised when an operator writes something else than before.
OPERATORS: Final = "redactory-operators/3"

# Which subkey of the scope's pseudonym key an operator draws from.
KEY_OF: Final = {
    "token": "token",
    "reversible": "token",
    "surrogate": "surrogate",
    "date_shift": "shift",
}
# After these nothing of the value may be left in the record.
REMOVING: Final = frozenset({"replace", "redact", "mask", "generalise", "token", "surrogate"})

_REFUSED_OPERATORS: Final = {
    "hash": "Presidio's hash draws a random salt per entity and is not keyed; use token",
    "encrypt": "Presidio's encrypt is AES-CBC without authentication: whoever can change what is "
    "stored can change what it decrypts to; use token, or reversible (AES-SIV)",
    "fpe": "format-preserving encryption needs FF1 of a kept library, and there is none "
    "(docs/decisions/0010); use surrogate",
}
_PARAMETERS: Final = {
    "with": "replace",
    "character": "mask",
    "keep_last": "mask",
    "to": "generalise",
    "band": "generalise",
    "earliest_year": "generalise",
    "max_days": "date_shift",
}

Threshold = Annotated[float, Field(ge=0.0, le=1.0)]


class Setting(BaseModel):
    """What happens to one entity type.

    Attributes:
        operator: ``replace`` by a constant, ``redact`` (remove), ``mask`` characters,
            ``generalise``, ``token`` (keyed pseudonym), ``reversible`` (AES-SIV),
            ``surrogate`` (a realistic fake), ``date_shift`` or ``keep``.
        threshold: findings that score less are ignored.
        replacement: the constant of ``replace`` (key ``with``); default ``<TYPE>``.
        character: what ``mask`` writes.
        keep_last: how many characters ``mask`` leaves at the end.
        to: what ``generalise`` leaves of a date (year, month), an age (age_band) or an
            address (zip3).
        band: years in a band of ages.
        earliest_year: ``generalise`` leaves no year before this one.
        max_days: ``date_shift`` moves by at most so many days.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    operator: OperatorName = "replace"
    threshold: Threshold = DEFAULT_THRESHOLD
    replacement: str | None = Field(default=None, alias="with")
    character: Annotated[str, Field(min_length=1, max_length=1)] = "*"
    keep_last: Annotated[int, Field(ge=0, le=8)] = 0
    to: Literal["year", "month", "age_band", "zip3"] = "year"
    band: Annotated[int, Field(ge=2, le=50)] = 10
    earliest_year: Annotated[int, Field(ge=0, le=9999)] = 0
    max_days: Annotated[int, Field(ge=1, le=3650)] = 365

    @field_validator("operator", mode="before")
    @classmethod
    def _explain(cls, value: object) -> object:
        if isinstance(value, str) and value in _REFUSED_OPERATORS:
            raise ValueError(_REFUSED_OPERATORS[value])
        return value

    @model_validator(mode="after")
    def _only_own_parameters(self) -> Self:
        given = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        for parameter in sorted(given & _PARAMETERS.keys()):
            if self.operator != _PARAMETERS[parameter]:
                raise ValueError(
                    f"{parameter} belongs to the operator {_PARAMETERS[parameter]}, "
                    f"not to {self.operator}"
                )
        return self

    def content(self) -> dict[str, Any]:
        """What was said or decides something, as JSON values."""
        always = {"operator", "threshold", "with", "character", "keep_last"}
        whole = self.model_dump(mode="json", by_alias=True, exclude={"en", "zh"})
        return {
            key: value
            for key, value in whole.items()
            if key in always or _PARAMETERS.get(key) == self.operator
        }


class Rule(Setting):
    """A setting, and what differs from it in the text of one language.

    Attributes:
        en: in text without Chinese characters around the value.
        zh: in Chinese text.
    """

    en: Setting | None = None
    zh: Setting | None = None

    @model_validator(mode="before")
    @classmethod
    def _inherit_threshold(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "threshold" not in value:
            return value
        own = {
            language: {"threshold": value["threshold"], **value[language]}
            for language in ("en", "zh")
            if isinstance(value.get(language), dict)
        }
        return {**value, **own}

    @model_validator(mode="after")
    def _not_below(self) -> Self:
        if any(s is not None and s.threshold < self.threshold for s in (self.en, self.zh)):
            raise ValueError("a language's threshold must not be below the type's own")
        return self

    def settings(self) -> list[Setting]:
        """The rule and its exceptions."""
        return [self, *(s for s in (self.en, self.zh) if s is not None)]

    def in_language(self, language: Language) -> Setting:
        """What holds in the text of ``language``."""
        return (self.zh if language == "zh" else self.en) or self

    def content(self) -> dict[str, Any]:
        """As :meth:`Setting.content`, with the exceptions."""
        exceptions = {"en": self.en, "zh": self.zh}
        told = {name: own.content() for name, own in exceptions.items() if own is not None}
        return {**super().content(), **told}
