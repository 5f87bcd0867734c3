"""What people get wrong: changes of a sound pair, for generated pairs. Each says what it did, or nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from tests.interop.sites import Kid, Secret, Site


class PairLike(Protocol):
    """A pair while it is made."""

    secrets: dict[str, list[Secret]]
    settings: dict[str, tuple[str, ...]]
    addresses: dict[str, tuple[str, ...]]
    behind: tuple[str, ...]
    others: dict[str, list[Site]]
    certified: bool

    def site(self, side: str) -> Site:
        """One side's connection."""

    def put(self, side: str, site: Site) -> None:
        """Change it."""


Fault = Callable[[random.Random, Any], str]


def _side(rng: random.Random) -> str:
    return rng.choice(("peer", "cmd"))


def _child(rng: random.Random, pair: PairLike, side: str, **values: str) -> None:
    site = pair.site(side)
    at = rng.randrange(len(site.kids))
    kids = [*site.kids]
    kids[at] = replace(kids[at], **values)
    pair.put(side, replace(site, kids=tuple(kids)))


def _remote_address(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    wrong = rng.choice(("192.0.2.99", "198.51.100.7", "192.0.2.0/25", "lost.example", "%any"))
    six = ":" in pair.site(side).remote
    wrong = "2001:db8::99" if six and wrong != "%any" else wrong
    pair.put(side, replace(pair.site(side), remote=wrong))
    return f"{side} calls {wrong}"


def _first_address(rng: random.Random, pair: PairLike) -> str:
    side, site = _side(rng), pair.site("peer")
    site = pair.site(side)
    wrong = rng.choice(("192.0.2.99", "192.0.2.128/25", "lost.example"))
    pair.put(side, replace(site, remote=f"{wrong}, {site.remote}"))
    return f"{side} has {wrong} before the right address"


def _local_address(rng: random.Random, pair: PairLike) -> str:
    """The host has that address and no other, so that what the policy says of it is so."""
    side = _side(rng)
    if side in pair.behind or pair.others[side]:
        return ""
    pair.put(side, replace(pair.site(side), local="192.0.2.77"))
    pair.addresses[side] = ("192.0.2.77/24",)
    return f"{side} has another local address"


def _identity(rng: random.Random, pair: PairLike) -> str:
    side, site = _side(rng), pair.site("peer")
    site = pair.site(side)
    kinds = (
        "other.rig.test",
        "keyid:other",
        "192.0.2.50",
        "other@rig.test",
        '"O=rig, CN=other"',
        "",
    )
    wrong = rng.choice(kinds)
    pair.put(side, replace(site, id=wrong))
    return f"{side} says it is {wrong or 'its address'}"


def _expected(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    wrong = rng.choice(
        ("other.rig.test", "*.rig.test", "%any", "192.0.2.0/24", "", "keyid:other", '"O=*, CN=*"')
    )
    pair.put(side, replace(pair.site(side), peer_id=wrong))
    return f"{side} expects {wrong or 'anybody'}"


def _kind_of_identity(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    site = pair.site(side)
    if not site.id or site.id.startswith(("$", '"', "keyid:")):
        return ""
    pair.put(side, replace(site, id=f"keyid:{site.id}"))
    return f"{side} says its name as a key id"


def _secret(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    if not pair.secrets[side]:
        return ""
    first = pair.secrets[side][0]
    pair.secrets[side][0] = replace(
        first, value=rng.choice(("correct horses", "Correct horse", "another"))
    )
    return f"{side} has another secret"


def _owner(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    if not pair.secrets[side]:
        return ""
    owner = rng.choice(
        (
            "other.rig.test",
            "198.51.100.7",
            "$LOCAL_IP",
            "192.0.2.0/24",
            "*.rig.test",
            "cmd.rig.test",
        )
    )
    pair.secrets[side][0] = replace(pair.secrets[side][0], owners=(owner,))
    return f"{side} has its secret for {owner}"


def _second_secret(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    if not pair.secrets[side]:
        return ""
    owner = rng.choice((("$REMOTE_IP",), (), ("$LOCAL_IP",), ("cmd.rig.test",), ("192.0.2.0/24",)))
    place = rng.choice((0, len(pair.secrets[side])))
    pair.secrets[side].insert(place, Secret("another", owner))
    return f"{side} has a second secret for {owner or 'anybody'}"


def _ike(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    wrong = rng.choice(("aes256-sha256-modp4096", "aes128-sha1-modp2048", "3des-md5-modp1024", "default",
                        "aes256-aes128-sha512-sha256-modp2048"))  # fmt: skip
    pair.put(side, replace(pair.site(side), ike=wrong))
    return f"{side} proposes {wrong} for IKE"


def _esp(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    wrong = rng.choice(
        (
            "aes256-sha256",
            "aes128-md5",
            "aes128gcm16",
            "aes128-aes256-sha256",
            "default",
            "serpent128-sha256",
        )
    )
    _child(rng, pair, side, esp=wrong)
    return f"{side} proposes {wrong}"


def _pfs(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    kid = rng.choice(pair.site(side).kids)
    group = rng.choice(("-modp2048", "-modp3072", "-ecp384"))
    _child(rng, pair, side, esp=kid.esp.split(",")[0].replace("default", "aes128-sha256") + group)
    return f"{side} adds {group}"


def _selector(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    end = rng.choice(("local", "remote"))
    wrong = rng.choice(("10.2.0.0/16", "10.1.0.0/25", "10.99.0.0/24", "0.0.0.0/0", "dynamic", "10.1.0.0/24[udp]",
                        "10.1.0.5-10.1.0.9", "fd00:9::/64", "10.2.0.0/24, 10.1.0.0/24"))  # fmt: skip
    _child(rng, pair, side, **{end: wrong})
    return f"{side} has {wrong} as {end} selector"


def _mode(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    mode = rng.choice(("transport", "tunnel", "transport", "beet"))
    _child(rng, pair, side, mode=mode)
    return f"{side} wants {mode} mode"


def _exchange(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    site = pair.site(side)
    more = "" if "aggressive" in site.more else f"aggressive = yes\n{site.more}"
    pair.put(side, replace(site, more=more))
    return f"{side} wants the other exchange"


def _setting(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    pair.settings[side] = ()
    return f"{side} has default settings"


def _method(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    site = pair.site(side)
    if site.auth != "pubkey":
        return ""
    pair.put(side, replace(site, auth="psk", own=""))
    pair.secrets[side] = [Secret("correct horse")]
    pair.certified = True  # the other side still needs its files
    return f"{side} authenticates by a key"


def _child_missing(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    site = pair.site(side)
    if len(site.kids) < 2:
        return ""
    pair.put(side, replace(site, kids=site.kids[1:]))
    return f"{side} lacks a child"


def _wide_child(rng: random.Random, pair: PairLike) -> str:
    side = _side(rng)
    wide = Kid("wide", "10.0.0.0/8", "10.0.0.0/8", rng.choice(("aes128-sha256", "aes256-sha512")))
    site = pair.site(side)
    pair.put(side, replace(site, kids=(*site.kids, wide)))
    return f"{side} has a wide child too"


FAULTS: tuple[Fault, ...] = (
    _remote_address, _first_address, _local_address, _identity, _expected, _kind_of_identity, _secret, _owner,
    _second_secret, _ike, _ike, _esp, _esp, _pfs, _selector, _selector, _selector, _mode, _exchange, _setting,
    _method, _child_missing, _wide_child,
)  # fmt: skip
