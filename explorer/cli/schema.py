"""`ikeproof schema`."""

from __future__ import annotations

import json

from explorer.cli import exits
from model.formats.native import schema


def run_schema() -> int:
    """Print the JSON Schema of native policies."""
    print(json.dumps(schema(), indent=2))
    return exits.FINE
