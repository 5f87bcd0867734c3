"""Text of a configuration -> vocabulary. One package for each format; none opens a file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.formats.reader import Reader, ReadError
from model.vocabulary.places import Place, PolicyError

if TYPE_CHECKING:  # who asks for the reader alone does not load the words of policies
    from model.vocabulary.policy import Peer


def load(path: str, name: str, reader: Reader) -> Peer:
    """Read a peer's policy: native TOML by its ending, else swanctl.conf. PolicyError if it fails; for a
    file of another format it says which it looks like, and what to do."""
    if path.endswith(".toml"):
        from model.formats.native import load as load_native  # its libraries serve nothing else

        return load_native(path, name, reader)
    from model.formats.swanctl import load as load_swanctl

    try:
        return load_swanctl(path, name, reader)
    except PolicyError as error:
        raise _another_format(path, reader) or error from None


def _another_format(path: str, reader: Reader) -> PolicyError | None:
    """What is wrong with a file that is not a swanctl.conf; None if it may be one."""
    from model.formats.detect import looks_like

    try:
        found = looks_like(reader.read(path))
    except ReadError:
        return None
    if found is None:
        return None
    return PolicyError(
        f"this looks like {found.name}, not like a swanctl.conf",
        place=Place(path, 1),
        mend=found.advice,
    )
