"""strongSwan's swanctl.conf, for IKEv1 (policy-formats 3.1).

settings     the grammar: sections, references, includes     keys       what swanctl knows
values       times, addresses, identities, selectors         proposals  algorithm keywords
lifetimes    what charon makes of its time settings          connections  the vocabulary
"""

from __future__ import annotations

import posixpath

from model.formats.reader import Reader
from model.formats.swanctl import keys, settings
from model.formats.swanctl.connections import Importer
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import CHARON


def load(path: str, name: str, reader: Reader) -> Peer:
    """Read a swanctl.conf and what it includes. PolicyError: it cannot be read or makes no sense."""
    tree = settings.load(path, reader)
    importer = Importer(posixpath.dirname(path), reader)
    importer.findings += keys.unknown_sections(tree.root, keys.TOP, "swanctl.conf")
    importer.findings += keys.unknown(tree.root, frozenset(), "swanctl.conf")
    section = tree.root.sections.get("connections")
    if section is None or not section.sections:
        raise PolicyError(
            "no connections in this file",
            place=section.place if section else Place(path, 1),
            mend="add a section connections { NAME { ... } }",
        )
    connections = tuple(importer.connection(item) for item in section.sections.values())
    secrets = tree.root.sections.get("secrets")
    return Peer(
        name=name,
        files=tuple(tree.files),
        format="swanctl",
        profile=CHARON,
        connections=connections,
        secrets=tuple(importer.secrets(secrets)) if secrets else (),
        anchors=tuple(importer.folder("x509ca", Place(path, 1))),
        findings=(*tree.findings, *importer.findings),
        lists=tuple(importer.lists(Place(path, 1))),
    )
