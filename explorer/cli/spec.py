"""`ikeproof spec`."""

from __future__ import annotations

from explorer.cli import exits
from model.language import diagrams
from model.language.document import text
from model.spec import specifications


def run_spec(shape: str) -> int:
    """Print the specification, machine by machine, or the diagram of each state variable."""
    draw = diagrams.mermaid if shape == "mermaid" else diagrams.dot
    for spec in specifications().values():
        if shape == "markdown":
            print(text(spec), end="")
            continue
        for group, field in diagrams.machines(spec):
            about = f"{spec.name}: {group}.{field}"
            print(f"%% {about}" if shape == "mermaid" else f"// {about}")
            print(draw(spec, group, field))
    return exits.FINE
