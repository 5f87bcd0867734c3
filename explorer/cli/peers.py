"""Files of the command line -> named peers and the links between them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from explorer.cli.reader import FileReader
from model.formats import load
from model.formats.overlay import Overlay
from model.vocabulary.findings import Edit
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import PROFILES
from proofs.verify.mends.search import Reload

_GENERIC = ("swanctl", "ipsec", "racoon", "policy", "strongswan")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def usage(problem: str, mend: str) -> PolicyError:
    """A fault of the command line itself."""
    return PolicyError(problem, place=None, mend=mend)


def peer_names(files: Sequence[str]) -> list[str]:
    """A name for each file: its stem, or its folder where the stem says nothing; numbered if equal."""
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
        raise usage(f"no example {name!r}", f"choose one of {', '.join(known)}")
    folder = EXAMPLES / name
    found = [str(folder / line) for line in (folder / "pair").read_text("utf-8").split()]
    return [min(path, os.path.relpath(path), key=len) for path in found]


def load_peers(files: Sequence[str], profiles: Sequence[str]) -> list[Peer]:
    """Read all files; `profiles` are PEER=NAME."""
    reader = FileReader()
    loaded = [load(file, name, reader) for file, name in zip(files, peer_names(files), strict=True)]
    return _with_profiles(loaded, profiles, strict=True)


def _with_profiles(loaded: Sequence[Peer], profiles: Sequence[str], *, strict: bool) -> list[Peer]:
    """The peers with the profiles that are stated; strict: every name must be one of theirs."""
    by_name = {peer.name: peer for peer in loaded}
    for item in profiles:
        peer, _, profile = item.partition("=")
        if peer not in by_name:
            if not strict:
                continue
            raise usage(
                f"--profile {item}: no peer {peer!r}", f"the peers are {', '.join(by_name)}"
            )
        if profile not in PROFILES:
            raise usage(
                f"--profile {item}: no profile {profile!r}", f"choose one of {', '.join(PROFILES)}"
            )
        by_name[peer] = replace(by_name[peer], profile=PROFILES[profile])
    return list(by_name.values())


def reloader(files: Sequence[str], profiles: Sequence[str]) -> Reload:
    """What reads a peer again as its files would be after changes."""
    by_name = dict(zip(peer_names(files), files, strict=True))

    def reload(name: str, edits: Sequence[Edit]) -> tuple[Peer, Overlay]:
        overlay = Overlay(FileReader(), edits)
        return _with_profiles([load(by_name[name], name, overlay)], profiles, strict=False)[
            0
        ], overlay

    return reload


def links(peers: Sequence[Peer], stated: Sequence[str]) -> list[tuple[str, str]]:
    """Which peers are pairs: `--link A=B`, or the only two there are."""
    names = [peer.name for peer in peers]
    if not stated:
        if len(names) == 2:
            return [(names[0], names[1])]
        raise usage(
            f"{len(names)} peers and no --link",
            "name two files, or say which are pairs with --link A=B "
            f"(peers: {', '.join(names) or 'none'})",
        )
    found = []
    for item in stated:
        one, _, other = item.partition("=")
        if one not in names or other not in names or one == other:
            raise usage(
                f"--link {item} names no two of the peers", f"the peers are {', '.join(names)}"
            )
        found.append((one, other))
    return found
