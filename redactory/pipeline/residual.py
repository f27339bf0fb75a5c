"""The residual risk of a run: on its labelled sample, and by its quasi-identifiers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from redactory.errors import LeakError
from redactory.pipeline.sanitise import PolicySanitiser
from redactory.pseudonym import PseudonymKey

if TYPE_CHECKING:
    from pii_rules.policy import Policy
    from pii_rules.residual import Residual
    from pii_rules.utility import Utility
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


def check_groups(policy: Policy, cost: Utility) -> None:
    """Refuse records that their quasi-identifiers single out, beyond what the policy allows.

    Args:
        policy: names the quasi-identifiers and the limit.
        cost: what was counted over the records to be published.

    Raises:
        LeakError: too many records are in groups of fewer than ``k``.
    """
    declared = policy.quasi_identifiers
    share = cost.share_below(declared.k)
    if share > declared.max_share_below_k:
        raise LeakError(
            f"{share:.1%} of the records are in groups of fewer than {declared.k} that share "
            f"{', '.join(declared.columns)}; the policy allows {declared.max_share_below_k:.1%}",
            hint="generalise or leave out a column, or raise max_share_below_k in the policy",
        )
