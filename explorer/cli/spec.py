"""`ikeproof spec`."""

from __future__ import annotations

from explorer.cli import exits
from model.language import diagrams
from model.language.document import text
from model.spec import specification


def run_spec(shape: str) -> int:
    """Print the specification, or the diagram of each state variable."""
    spec = specification()
    if shape == "markdown":
        print(text(spec), end="")
        return exits.FINE
    draw = diagrams.mermaid if shape == "mermaid" else diagrams.dot
    for group, field in diagrams.machines(spec):
        comment = f"%% {group}.{field}" if shape == "mermaid" else f"// {group}.{field}"
        print(comment)
        print(draw(spec, group, field))
    return exits.FINE
