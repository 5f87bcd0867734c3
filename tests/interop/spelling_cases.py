"""Spellings at the edge of the grammar, and peers with several connections whose addresses overlap.

How strongSwan 5.9.8 reads them was measured: most were read otherwise here once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.interop.cases import Case
from tests.interop.sites import Kid, Secret, Site, text

_SITE = Site(id="$LOCAL_ID", peer_id="$REMOTE_ID")
_SECRETS = (Secret("correct horse"),)
_ESP = (
    "aes128-sha256-esn", "aes128-sha256-esn-noesn", "aes128-sha256-noesn", "aes128-sha256-noesn-esn",
    "AES128-sha256", "aes128-SHA256", "aes128 -sha256", "aes128--sha256", "-aes128-sha256",
    "aes128-sha256-", "aes128-sha256,,aes256-sha256",
)  # fmt: skip
_IKE = (
    "aes128-sha256-esn-modp2048", "aes128-sha256-noesn-modp2048", "AES128-sha256-modp2048",
    "aes128-sha256-MODP2048", "aes128-sha256-modp2048-",
)  # fmt: skip
_SELECTORS = (
    "[ tcp ]", "[tcp /80]", "[tcp/ 80]", "[TCP]", "[tcp/HTTP]", "[tcp/http]", "[]", "[6/80]", "[any]",
)  # fmt: skip
_REMOTE = ("%192.0.2.2", "192.0.2.02", "192.0.514", "192.0.2.2/32", "192.0.2.2,")
_LOCAL = (
    "%any6", "::", "::/0", "%any4", "0.0.0.0", "%any6, 192.0.2.1", "2001:db8::1, %any",
    "2001:db8::1, 0.0.0.0", "%any, 2001:db8::1", "2001:db8::1, 192.0.2.1",
)  # fmt: skip
_IPS = {"peer": "192.0.2.1", "cmd": "192.0.2.2"}


def spelling_cases() -> Iterator[Case]:
    """One setting of a working pair, spelled otherwise at the first end or at both."""
    for word in _ESP:
        changed = replace(_SITE, kids=(replace(_SITE.kids[0], esp=word),))
        yield _pair(f"spelling: esp_proposals = {word}", changed, _SITE)
        yield _pair(f"spelling: esp_proposals = {word} at both ends", changed, changed)
    for word in _IKE:
        changed = replace(_SITE, ike=word)
        yield _pair(f"spelling: proposals = {word}", changed, _SITE)
        yield _pair(f"spelling: proposals = {word} at both ends", changed, changed)
    for word in (*(f"$LOCAL_NET{x}" for x in _SELECTORS), "10.77.1.0/", "10.77.1.5/24"):
        changed = replace(_SITE, kids=(replace(_SITE.kids[0], local=word),))
        yield _pair(f"spelling: local_ts = {word}", changed, _SITE)
    for word in _REMOTE:
        yield _pair(f"spelling: remote_addrs = {word}", replace(_SITE, remote=word), _SITE)
    for word in _LOCAL:
        yield _pair(f"spelling: local_addrs = {word}", replace(_SITE, local=word), _SITE)
    yield from _broken()
    yield from _by_name()
    yield from _crowded()


def _broken() -> Iterator[Case]:
    """Files of which swanctl loads nothing, or not the connection."""
    good = text([_SITE], _SECRETS)
    key = "auth = psk"
    for name, changed in (
        ("a pool without addresses", good + "pools {\n  p {\n    dns = 1.2.3.4\n  }\n}\n"),
        ("a pool with a wrong address", good + "pools {\n  p {\n    addrs = foo\n  }\n}\n"),
        ("an authority with an unknown key", good + "authorities {\n  p {\n    foo = x\n  }\n}\n"),
        ("an authority without its file", good + "authorities {\n  p {\n    cacert = x\n  }\n}\n"),
        ("an authority without certificate", good + "authorities {\n  p {\n  }\n}\n"),
        ("a quoted key", good.replace("version =", '"version" =')),
        ("a quoted section", good.replace("rig {", '"rig" {')),
        ("a form feed", good.replace("    version", "\f    version")),
        ("a byte order mark", "\ufeff" + good),
        ("a public key without its file", good.replace(key, f"{key}\n      pubkeys = x", 1)),
    ):
        yield Case(f"spelling: {name}", "spelling", "", changed, good)
    esp = replace(_SITE, kids=(replace(_SITE.kids[0], esp="aes128-sha256-none"),))
    yield _pair("spelling: esp_proposals = aes128-sha256-none", esp, _SITE)


def _by_name() -> Iterator[Case]:
    """A peer that is called by name, and one that names no certificate."""
    hosts = (("hub.example", "192.0.2.2"),)
    two = replace(_SITE, local="2001:db8::1, 192.0.2.1", remote="hub.example")
    near = replace(_SITE, remote="hub.example")
    for name, peer, cmd in (
        ("two IP versions call a name", two, _SITE),
        ("a name for a host in a network", near, replace(_SITE, local="192.0.2.0/24")),
    ):
        made = _pair(f"several connections: {name}", peer, cmd)
        yield replace(made, kind="several connections", hosts=hosts)
    bare = replace(_SITE, auth="pubkey", id="")
    answers = replace(_SITE, auth="pubkey", peer_id="")
    yield replace(_pair("certificate: neither certs nor id", bare, answers), kind="certificate")


def _pair(name: str, peer: Site, cmd: Site) -> Case:
    return Case(name, "spelling", "", text([peer], _SECRETS), text([cmd], _SECRETS))


def _crowded(count: int = 60) -> Iterator[Case]:
    """Pairs whose ends have up to three connections for overlapping addresses, from a fixed seed."""
    rng = random.Random(11)
    for number in range(count):
        peer, cmd = _end(rng, "peer", "cmd"), _end(rng, "cmd", "peer")
        behind = rng.choice([(), (), (), ("peer",), ("cmd",), ("peer", "cmd")])
        yield Case(
            f"several connections: {number}",
            "several connections",
            "",
            peer,
            cmd,
            behind=behind,
            forwarded=rng.random() < 0.6,
            hosts=(("host.example", "192.0.2.2"),),
        )


def _end(rng: random.Random, side: str, other: str) -> str:
    names = ["rig", *(f"c{x}" for x in range(1, rng.choice((1, 2, 3, 3))))]
    rng.shuffle(names)
    mine, theirs = _IPS[side], _IPS[other]
    connections = [
        _started(rng, mine, theirs) if name == "rig" else _beside(rng, name, mine, theirs)
        for name in names
    ]
    owners = [(), (), (theirs,), ("$REMOTE_ID",), ("$LOCAL_ID",), ("%any",), ("*.rig.test",)]
    secrets = [Secret("correct horse", rng.choice(owners))]
    if rng.random() < 0.25:
        another = Secret("another", rng.choice([(), (theirs,), ("$REMOTE_ID",), (mine,)]))
        secrets.insert(rng.choice((0, 1)), another)
    return text(connections, secrets)


def _started(rng: random.Random, mine: str, theirs: str) -> Site:
    """The connection that is started."""
    return Site(
        rng.choice([mine, mine, "", "%any", f"{mine}, 198.51.100.1", "192.0.2.0/24",
                    f"2001:db8::{mine[-1]}, {mine}"]),
        rng.choice([theirs, theirs, theirs, f"{theirs}, 198.51.100.7", f"198.51.100.0/24, {theirs}",
                    f"lost.example, {theirs}"]),
        rng.choice(["$LOCAL_ID", "$LOCAL_ID", ""]),
        rng.choice(["$REMOTE_ID", "$REMOTE_ID", "%any", "", "*.rig.test"]),
        "rig", "psk", _ike(rng), (_kid(rng),),
    )  # fmt: skip


def _beside(rng: random.Random, name: str, mine: str, theirs: str) -> Site:
    """Another one, which may answer in its place."""
    kid = _kid(rng)
    if rng.random() < 0.25:
        kid = replace(kid, local="10.9.0.0/24", remote="10.8.0.0/24")
    return Site(
        rng.choice([mine, "", "%any", "192.0.2.0/24", "198.51.100.3", "0.0.0.0/0", f"{mine}/32"]),
        rng.choice([theirs, "%any", "192.0.2.0/24", "192.0.2.0-192.0.2.9", f"{theirs}/32", "0.0.0.0/0",
                    "%any4", "%any6", f"198.51.100.7, {theirs}", "2001:db8::/32", "192.0.2.128/25",
                    f"{theirs}-{theirs}", "host.example"]),
        rng.choice(["$LOCAL_ID", "", "other.rig.test"]),
        rng.choice(["$REMOTE_ID", "%any", "", "*.rig.test", "other.rig.test", "192.0.2.0/24"]),
        name, "psk", _ike(rng), (kid,),
        more=rng.choice(["", "", "", "version = 0", "version = 2", "aggressive = yes"]),
    )  # fmt: skip


def _kid(rng: random.Random) -> Kid:
    return Kid(
        "net", "$LOCAL_NET", "$REMOTE_NET", rng.choice(["aes128-sha256"] * 2 + ["aes256-sha256"])
    )


def _ike(rng: random.Random) -> str:
    words = ["aes128-sha256-modp2048", "aes256-sha256-modp3072", "3des-sha1-modp1024"]
    if rng.random() < 0.6:
        return words[0]
    return ", ".join(rng.sample(words, rng.choice((1, 2, 3))))


_TREE = "base {\n  version = 1\n}\n"
#: the section that refers, its references, what the file has besides; `version` comes from there
_REFERENCES = (
    ("rig", "nobody", ""), ("rig", "connections.rig", ""), ("rig", "connections", ""), ("net", "nobody", ""),
    ("local", "nobody", ""), ("connections", "nobody", ""), ("ike-1", "nobody", ""), ("rig", "nobody, base", _TREE),
    ("rig", "base, nobody", _TREE), ("rig", "base.x", _TREE), ("rig", "base..x", _TREE), ("rig", ".base", _TREE),
    ("rig", "base.", _TREE), ("rig", "rig", ""), ("rig", "base base", _TREE), ("rig", "base,", _TREE),
    ("rig", "b1", "b1 : b2 {\n}\nb2 : b1 {\n}\n"), ("rig", "base", _TREE + "b1 : b1 {\n}\n"),
    ("net", "connections.rig", ""), ("net", "connections.rig.children.net", ""),
    ("rig", "connections.rig.children", ""), ("rig", "base", _TREE.replace("base", "base : nobody")),
    ("rig", "base", _TREE.replace("base", "base : other") + "other : base {\n}\n"),
    ("rig", "none, base, nobody", _TREE), ("connections", "connections.rig.local", ""),
    ("children", "connections.rig", ""), ("rig", "base", _TREE.replace("base", "base : base.x")),
)  # fmt: skip
_LISTED = (
    "NET; 10.99.0.0/24", "NET 10.99.0.0/24", "NET;10.99.0.0/24", "NET|10.99.0.0/24", "10.99.0.0/24 NET",
    "NET dynamic", "dynamic NET", "x NET", "NET x", "NET/24", "NET[tcp] 10.99.0.0/24",
    "NET[tcp]; 10.99.0.0/24", "NET [tcp]", "NET-10.77.1.9", "10.77.1.0/ 24", "10.77.1.0 /24", "10.77.1.0/24x",
    "10.77.1.0/x", "10.77.1.0//24", "10.77.1.0/255.255.255.0", "10.77.1.0/33", "10.77.1.0/024", "10.077.1.0/24",
    "10.77.1/24", "10.77.1.0 - 10.77.1.255", "10.77.1.0-", "10.77.1.0.", "10.77.1.0/24tcp]", "2001:db8::/32x", "Dynamic",
)  # fmt: skip
_NAMES = (
    "192.0.2.002", "192.0.2.2.", "192.0.2.2 x", "192.0.2.2;198.51.100.1", "192.0.2.2 198.51.100.1",
    "x;192.0.2.2", "192.0.2.2/32x", "192.0.2.2/x", "192.0.2.0/24x", "198.51.100.0/x", "192.0.2.1-192.0.2.", "3221225986",
    "0xC0000202", "192.0.2.2/", "192.0.2.256", "1.2.3.4.5", ".192.0.2.2", "192.0.2.2-", "a b", "%a", "192.0.2.2%eth0",
    "[192.0.2.2]", "192.0.2.2:500", "@a", "a/24", "192.0.2.1-2001:db8::1", "192.0.2.1 - 192.0.2.9", "192.0.2.2/33", "03/0", "192.02.2/32",
    ":::", "2001:db8::2.",
)  # fmt: skip
_NONE = (
    "aes128-sha256-modp2048-none", "none-aes128-sha256-modp2048", "aes128-sha256-none", "aes128--sha256-modp2048-",
    "aes128-sha256-modp2048-modpnone", "aes128-sha256-modp2048;aes256-sha256-modp2048",
)  # fmt: skip
_PHASE2 = (
    "aes128-sha256-none-modp2048", "aes128-sha256;aes256-sha256", "aes128gcm16-sha256", "aes128gcm16-sha256-none",
    "aes128gmac-sha256", "aes128ccm16-sha256", "aes128gcm16-aes256gcm16-sha256-sha1", "aes128-aes128gcm16-sha256",
)  # fmt: skip
_AH = (
    "aes128gmac", "aes192gmac", "aes256gmac", "aes128gmac-sha256", "sha256-aes128gmac", "aes128-sha256", "aes128",
    "null-sha256", "aes128gcm16", "aes128gcm16-sha256", "none", "sha256-none", "sha256-", "sha1-sha256",
    "aes128gmac-modp2048", "modp2048", "aes128gmac-aes256", "aes128gcm16-sha256-aes128",
)  # fmt: skip


def tolerated_cases() -> Iterator[Case]:
    """What swanctl takes although it cannot mean what it says, and what is near to that."""
    good = text([_SITE], _SECRETS)
    for section, names, rest in _REFERENCES:
        plain = good.replace("    version = 1\n", "") if "version" in rest else good
        referring = plain.replace(f"{section} {{", f"{section} : {names} {{", 1) + rest
        beside = rest.replace("version = 1", "").split()
        name = f"references: {section} : {names}{', ' if beside else ''}{' '.join(beside)}"
        yield Case(name, "references", "", referring, good)
    for word in _LISTED:
        for key in ("local", "remote"):
            if key == "local" or "NET" in word:
                value = word.replace("NET", f"${key.upper()}_NET")
                changed = replace(_SITE, kids=(replace(_SITE.kids[0], **{key: value}),))
                yield _tolerated(f"{key}_ts = {value}", changed)
    for word in _NAMES:
        yield _tolerated(f"remote_addrs = {word}", replace(_SITE, remote=word))
        yield _tolerated(
            f"remote_addrs = {word}, 192.0.2.2", replace(_SITE, remote=f"{word}, 192.0.2.2")
        )
        if "192.0.2.2" not in word and not word.startswith(("192.0.2.0", "3", "0x")):
            yield _tolerated(f"local_addrs = {word}", replace(_SITE, local=word))
    for word in _NONE:
        for both in (False, True):
            yield _tolerated(f"proposals = {word}", replace(_SITE, ike=word), both)
    for word in _PHASE2:
        for both in (False, True):
            changed = replace(_SITE, kids=(replace(_SITE.kids[0], esp=word),))
            yield _tolerated(f"esp_proposals = {word}", changed, both)
    for word in _AH:
        changed = replace(_SITE, kids=(replace(_SITE.kids[0], ah=word),))
        hashed = replace(_SITE, kids=(replace(_SITE.kids[0], ah="sha256"),))
        yield _tolerated(f"ah_proposals = {word}", changed, both=True)
        made = _pair(f"tolerated: ah_proposals = {word}, sha256 there", changed, hashed)
        yield replace(made, kind="tolerated")


def _tolerated(name: str, changed: Site, both: bool = False) -> Case:
    named = f"tolerated: {name}{' at both ends' if both else ''}"
    return replace(_pair(named, changed, changed if both else _SITE), kind="tolerated")
