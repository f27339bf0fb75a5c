"""The page of ``redactory explain --html``: one self-contained file, no script, no network.

It shows the text of the records. Colour is never the only sign: every finding carries the
number of its row in the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from pii_rules.families import FAMILIES, OTHER
from redactory import __version__
from redactory.explaining import ExplainedRecord


def render_page(
    records: Sequence[ExplainedRecord], detector: Mapping[str, str], *, with_dismissed: bool
) -> str:
    """The page.

    Args:
        records: what to show, in order.
        detector: ``Detector.describe()`` of the detector that searched them.
        with_dismissed: also list the findings that are not reported.
    """
    environment = Environment(
        loader=PackageLoader("redactory"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    policies = [record.policy for record in records if record.policy is not None]
    seen = {finding.family for record in records for finding in record.findings()}
    return environment.get_template("explain.html").render(
        records=records,
        families=[name for name in (*FAMILIES, OTHER) if name in seen],
        policy=policies[0] if policies else None,
        count=sum(len(record.findings()) for record in records),
        detector=detector,
        with_dismissed=with_dismissed,
        version=__version__,
    )
