"""strongSwan's swanctl.conf, for IKEv1 (policy-formats 3.1).

settings     the grammar: sections, references, includes     keys, keytable  what swanctl knows
values       times, addresses, selectors                     identities      names and addresses of peers
proposals    algorithm keywords                              lifetimes       what charon makes of times
connections  the vocabulary                                  secrets, pools  pre-shared keys, leases
files        certificates and keys                           edit            changes of a file
defaults     what `default` proposals hold, by version       stack           strongswan.conf
"""

from __future__ import annotations

import posixpath

from model.formats.reader import Reader
from model.formats.swanctl import keys, settings, values
from model.formats.swanctl.connections import Importer
from model.formats.swanctl.files import Files
from model.formats.swanctl.pools import read_pools
from model.formats.swanctl.secrets import shared_secrets
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Connection, Discarded, Peer
from model.vocabulary.profiles import CHARON


def load(path: str, name: str, reader: Reader) -> Peer:
    """Read a swanctl.conf and what it includes.

    A connection that swanctl discards is left out, with a finding, and the rest is read.
    PolicyError: the file cannot be read, its syntax is wrong, or no connection is left.
    """
    tree = settings.load(path, reader)
    files = Files(posixpath.dirname(path), reader)
    importer = Importer(files)
    importer.findings += keys.unknown_at_top(tree.root)
    section = tree.root.sections.get("connections")
    if section is None or not section.sections:
        raise PolicyError(
            "no connections in this file",
            place=section.place if section else Place(path, 1),
            mend="add a section connections { NAME { ... } }",
        )
    connections, discarded = _connections(section, importer)
    secrets = tree.root.sections.get("secrets")
    shared = tuple(shared_secrets(secrets, importer.findings)) if secrets else ()
    named = tree.root.sections.get("authorities")
    authorities = tuple(files.authorities(named)) if named else ()
    pools = tree.root.sections.get("pools")
    leased = tuple(read_pools(pools)) if pools else ()
    return Peer(
        name=name,
        files=tuple(tree.files),
        format="swanctl",
        profile=CHARON,
        connections=connections,
        secrets=shared,
        anchors=(*files.folder("x509ca", Place(path, 1)), *authorities),
        findings=(*tree.findings, *importer.findings),
        lists=tuple(files.lists(Place(path, 1))),
        discarded=discarded,
        pools=leased,
        kept=tuple(files.folder("x509", Place(path, 1))),
        raw_keys=(*files.raw_keys(Place(path, 1)), *importer.raw_keys),
    )


def _connections(
    section: settings.Section, importer: Importer
) -> tuple[tuple[Connection, ...], tuple[Discarded, ...]]:
    """Those that swanctl loads, and those that it discards. PolicyError: it loads none."""
    kept: list[Connection] = []
    faults: list[tuple[settings.Section, PolicyError]] = []
    for item in section.sections.values():
        try:
            kept.append(importer.connection(item))
        except PolicyError as error:
            faults.append((item, error))
    if not kept:
        raise faults[0][1]
    for item, fault in faults:
        importer.findings.append(
            Finding(
                "CONNECTION-DISCARDED",
                Severity.WARNING,
                fault.place or item.place,
                f"{fault.problem}: connection {item.name} is discarded; the others are loaded",
                fault.mend,
                (item.place,),
            )
        )
    discarded = (
        Discarded(item.name, fault.place or item.place, fault.problem, fault.mend, _calls(item))
        for item, fault in faults
    )
    return tuple(kept), tuple(discarded)


def _calls(section: settings.Section) -> tuple[str, ...]:
    stated = section.values.get("remote_addrs")
    return tuple(values.words(stated)) if stated is not None else ()
