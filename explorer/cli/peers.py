"""Files of the command line -> named peers and the links between them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from explorer.cli.reader import FileReader
from model.vocabulary.places import PolicyError, Stated

if (
    TYPE_CHECKING
):  # every command loads this module; what reads policies is loaded where one is read
    from model.formats.overlay import Overlay
    from model.vocabulary.findings import Edit
    from model.vocabulary.policy import Nat, Peer
    from proofs.verify.mends.search import Reload

_GENERIC = ("swanctl", "ipsec", "racoon", "policy", "strongswan")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def usage(problem: str, mend: str) -> PolicyError:
    """An error in the command line itself."""
    return PolicyError(problem, place=None, mend=mend)


def peer_names(files: Sequence[str]) -> list[str]:
    """A name for each file: its stem, or its folder if the stem is not specific; equal ones are numbered."""
    names = []
    stems = Counter(_stem(file) for file in files)
    for file in files:
        stem = _stem(file)
        parent = PurePath(file).parent.name
        names.append(parent if parent and (stem in _GENERIC or stems[stem] > 1) else stem)
    counts = Counter(names)
    seen: Counter[str] = Counter()
    for position, name in enumerate(names):
        if counts[name] > 1:
            seen[name] += 1
            names[position] = f"{name}-{seen[name]}"
    return names


def _stem(file: str) -> str:
    name = PurePath(file).name
    for ending in (".swanctl.conf", ".conf", ".toml"):
        name = name.removesuffix(ending)
    return name or "peer"


def example_files(name: str) -> list[str]:
    """The two files of a shipped example."""
    known = sorted(item.name for item in EXAMPLES.iterdir() if (item / "pair").is_file())
    if name not in known:
        raise usage(f"unknown example {name!r}", f"choose one of {', '.join(known)}")
    folder = EXAMPLES / name
    found = [str(folder / line) for line in (folder / "pair").read_text("utf-8").split()]
    return [min(path, os.path.relpath(path), key=len) for path in found]


@dataclass(frozen=True)
class Beside:
    """What the command line says about peers, in addition to their files: PEER=VALUE each."""

    profiles: tuple[str, ...] = ()
    nats: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def check(self, peers: Sequence[str]) -> None:
        """Every name must be that of a peer."""
        for option, items in (
            ("--profile", self.profiles),
            ("--nat", self.nats),
            ("--version", self.versions),
            ("--strongswan-conf", self.settings),
        ):
            for item in items:
                peer, sign, value = item.partition("=")
                if peer not in peers or not sign or not value:
                    known = ", ".join(peers)
                    problem = f"no peer {peer!r}" if peer not in peers else "no value"
                    raise usage(f"{option} {item}: {problem}", f"write PEER=VALUE; peers: {known}")

    def applied(self, peer: Peer) -> Peer:
        """The peer with everything that the command line says about it."""
        from model.formats.swanctl.defaults import with_defaults
        from model.formats.swanctl.stack import load_stack
        from model.vocabulary.profiles import PROFILES

        for value in _of(self.profiles, peer):
            if value not in PROFILES:
                raise usage(
                    f"--profile {peer.name}={value}: unknown profile {value!r}",
                    f"choose one of {', '.join(PROFILES)}",
                )
            peer = replace(peer, profile=PROFILES[value])
        for value in _of(self.settings, peer):
            stack = load_stack(value, FileReader())
            peer = replace(peer, stack=stack, findings=(*peer.findings, *stack.findings))
        for value in _of(self.versions, peer):
            try:
                peer = with_defaults(peer, value)
            except ValueError as error:
                raise usage(
                    f"--version {peer.name}={value}: {error}",
                    "leave --version out, or state the proposals in the file",
                ) from None
        for value in _of(self.nats, peer):
            peer = replace(peer, nat=Stated(_nat(peer.name, value)))
        return peer


def _of(items: Iterable[str], peer: Peer) -> Iterator[str]:
    yield from (value for name, _, value in (x.partition("=") for x in items) if name == peer.name)


def _nat(peer: str, text: str) -> Nat:
    """`ADDRESS`, or `ADDRESS,forwarded` if the NAT forwards UDP 500 and 4500 to the peer."""
    from ipaddress import ip_address

    from model.vocabulary.policy import Nat

    address, _, more = text.partition(",")
    try:
        public = ip_address(address.strip())
    except ValueError:
        raise usage(
            f"--nat {peer}={text}: {address!r} is not an IP address",
            "write the public address, for example 198.51.100.7 or 198.51.100.7,forwarded",
        ) from None
    if more.strip() not in ("", "forwarded"):
        raise usage(
            f"--nat {peer}={text}: {more.strip()!r} is not known",
            "write forwarded if UDP ports 500 and 4500 are forwarded to the peer",
        )
    return Nat(public, forwarded=bool(more.strip()))


NOTHING = Beside()


def load_peers(files: Sequence[str], beside: Beside = NOTHING) -> list[Peer]:
    """Read all files, and add what the command line says about the peers."""
    from model.formats import load

    names = peer_names(files)
    beside.check(names)
    reader = FileReader()
    return [beside.applied(load(f, n, reader)) for f, n in zip(files, names, strict=True)]


def reloader(files: Sequence[str], beside: Beside) -> Reload:
    """A function that reads a peer again as its files would be after changes."""
    from model.formats import load
    from model.formats.overlay import Overlay

    by_name = dict(zip(peer_names(files), files, strict=True))

    def reload(name: str, edits: Sequence[Edit]) -> tuple[Peer, Overlay]:
        overlay = Overlay(FileReader(), edits)
        return beside.applied(load(by_name[name], name, overlay)), overlay

    return reload


def links(peers: Sequence[Peer], stated: Sequence[str]) -> list[tuple[str, str]]:
    """Which peers are pairs: those of `--link A=B`, or the only two."""
    names = [peer.name for peer in peers]
    if not stated:
        if len(names) == 2:
            return [(names[0], names[1])]
        raise usage(
            f"{len(names)} peers, but no --link",
            "name two files, or say which are pairs with --link A=B "
            f"(peers: {', '.join(names) or 'none'})",
        )
    found, known = [], set(names)
    for item in stated:
        one, _, other = item.partition("=")
        if one not in known or other not in known or one == other:
            raise usage(
                f"--link {item} does not name two of the peers", f"the peers are {', '.join(names)}"
            )
        found.append((one, other))
    return found
