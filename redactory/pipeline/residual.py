"""The residual risk of a run's configuration, measured on its labelled sample."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from redactory.pipeline.sanitise import PolicySanitiser
from redactory.pseudonym import PseudonymKey

if TYPE_CHECKING:
    from pii_rules.residual import Residual
    from redactory.config import RunConfig


@cache
def measured(config: RunConfig) -> tuple[Residual, ...]:
    """What survives in the labelled sample, by type; nothing where there is no sample.

    Under a key of its own that is thrown away: how much survives does not depend on it.

    Raises:
        InputError: the sample cannot be read.
    """
    if config.labelled_sample is None:
        return ()
    from pii_rules.residual import read_labelled  # noqa: PLC0415 - loads Presidio

    records = read_labelled(config.labelled_sample)
    plain = config.model_copy(
        update={"text_columns": ("text",), "pass_through": (), "identity_map": False}
    )
    sanitiser = PolicySanitiser(plain, PseudonymKey.ephemeral().redaction_keys())
    return tuple(sanitiser.residuals(records))


def check_residual(config: RunConfig) -> None:
    """Refuse a configuration that leaves more behind than its policy allows.

    Raises:
        LeakError: an estimate is over its limit.
        InputError: the sample cannot be read.
    """
    if config.labelled_sample is not None:
        from pii_rules.residual import check  # noqa: PLC0415 - loads Presidio

        check(measured(config))
