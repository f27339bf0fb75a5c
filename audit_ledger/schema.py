"""The JSON Schema of a statement, all kinds in one document.

python -m audit_ledger.schema > docs/format/statement-v1.schema.json
"""

from __future__ import annotations

import json
import sys

from pydantic import TypeAdapter

from audit_ledger.statement import STATEMENT_MODELS


def schema_json() -> str:
    """JSON Schema (draft 2020-12): one of the kinds, told apart by ``predicateType``."""
    kinds = []
    definitions: dict[str, object] = {}
    for kind in sorted(STATEMENT_MODELS):
        schema = TypeAdapter(STATEMENT_MODELS[kind]).json_schema(by_alias=True)
        definitions |= schema.pop("$defs", {})
        schema["title"] = kind
        schema["properties"]["predicateType"] = {"const": f"urn:redactory:statement:{kind}:v1"}
        kinds.append(schema)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A statement of the audit ledger",
        "description": (
            "One leaf of the log, in the shape of an in-toto Statement v1. Stored as canonical "
            "JSON (RFC 8785) of at most 65,535 bytes."
        ),
        "oneOf": kinds,
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_json())
