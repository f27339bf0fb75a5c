"""The JSON Schema in the documentation is that of the models, and describes real statements."""

import json

from audit_ledger.schema import schema_json
from audit_ledger.statement import KINDS


def test_the_exported_schema_is_up_to_date(repository):
    exported = (repository / "docs" / "format" / "statement-v1.schema.json").read_text()
    assert exported == schema_json()


def test_every_kind_is_described():
    kinds = {
        kind["properties"]["predicateType"]["const"] for kind in json.loads(schema_json())["oneOf"]
    }
    assert kinds == {f"urn:redactory:statement:{kind}:v1" for kind in KINDS}
