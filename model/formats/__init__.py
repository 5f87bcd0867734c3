"""Text of a configuration -> vocabulary. One package a format; none opens a file itself."""

from __future__ import annotations

from model.formats.reader import Reader
from model.vocabulary.policy import Peer


def load(path: str, name: str, reader: Reader) -> Peer:
    """Read a peer's policy: native TOML by its ending, else swanctl.conf. PolicyError if it fails."""
    if path.endswith(".toml"):
        from model.formats.native import load as load_native  # its libraries serve nothing else

        return load_native(path, name, reader)
    from model.formats.swanctl import load as load_swanctl

    return load_swanctl(path, name, reader)
