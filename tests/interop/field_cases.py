"""Kinds of pairs that people have asked about in public, rebuilt, and variations of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.interop.cases import Case, Start
from tests.interop.sites import CERTIFIED, Kid, Secret, Site, text

_A, _B = "10.77.1.0/24", "10.77.2.0/24"
_BOTH = (Start("peer", "site"), Start("cmd", "site"))
_STRONG = "aes256-sha256-modp2048"
_ESP = "aes256-sha256"


def field_cases() -> Iterator[Case]:
    """All of them: `peer` is a, `cmd` is b."""
    yield from _wrong_address()
    yield from _dial_in()
    yield from _kinds_of_names()
    yield from _two_subnets()
    yield from _unknown_algorithm()
    yield from _pfs()
    yield from _both_renew()


def _site(side: str, kids: tuple[Kid, ...] = (), **values: Any) -> Site:
    ends = (_A, _B) if side == "peer" else (_B, _A)
    site = Site(id="$LOCAL_IP", peer_id="$REMOTE_IP", name="site", ike=_STRONG,
                kids=kids or (Kid("net", *ends, esp=_ESP),))  # fmt: skip
    return replace(site, **values)


def _case(name: str, kind: str, peer: Site, cmd: Site, **more: Any) -> Case:
    return Case(name, kind, "", text([peer]), text([cmd]),
                **({"starts": _BOTH} | more))  # fmt: skip


def _wrong_address() -> Iterator[Case]:
    kind = "field: wrong remote address"
    for name, peer, cmd in (
        ("as reported", _site("peer", remote="192.0.2.99", peer_id="192.0.2.99"), _site("cmd")),
        ("identities are names", _site("peer", remote="192.0.2.99", id="a.example", peer_id="b.example"),
         _site("cmd", id="b.example", peer_id="a.example")),
        ("any caller is answered", _site("peer", remote="192.0.2.99", peer_id=""),
         _site("cmd", remote="%any")),
        ("wrong at the other end", _site("peer"), _site("cmd", remote="192.0.2.98", peer_id="192.0.2.98")),
        ("two digits swapped at both", _site("peer", remote="192.0.2.20"), _site("cmd", remote="192.0.2.10")),
        ("certificates", _site("peer", remote="192.0.2.99", auth="pubkey", own="certs = peer.crt", peer_id=""),
         _site("cmd", auth="pubkey", own="certs = cmd.crt", peer_id="")),
        ("Aggressive Mode", _site("peer", remote="192.0.2.99", more="aggressive = yes"),
         _site("cmd", more="aggressive = yes")),
        ("own address wrong", _site("peer", local="192.0.2.77"), _site("cmd")),
    ):  # fmt: skip
        files = CERTIFIED if peer.auth == "pubkey" else {}
        yield _case(f"field: wrong address, {name}", kind, peer, cmd, **files)


def _dial_in() -> Iterator[Case]:
    kind = "field: dial-in gateway"
    carol = _site("peer", id="carol@example.com", peer_id="gw.example.com")
    gate = _site("cmd", remote="%any", id="gw.example.com", peer_id="carol@example.com")
    for name, peer, cmd, more in (
        ("as reported", carol, gate, {}),
        ("own address unset", replace(carol, local=""), gate, {}),
        ("behind a NAT", replace(carol, local=""), gate, {"behind": ("peer",)}),
        ("behind a NAT, forwarded", carol, gate, {"behind": ("peer",), "forwarded": True}),
        ("a subnet of callers", carol, replace(gate, remote="192.0.2.0/24"), {}),
        ("any user of a domain", carol, replace(gate, peer_id="*@example.com"), {}),
        ("another user", replace(carol, id="dave@example.com"), gate, {}),
        ("the gateway by name", replace(carol, remote="gw.example.com"), gate,
         {"hosts": (("gw.example.com", "192.0.2.2"),)}),
        ("Aggressive Mode", replace(carol, more="aggressive = yes"), replace(gate, more="aggressive = yes"), {}),
    ):  # fmt: skip
        yield _case(f"field: dial-in, {name}", kind, peer, cmd, **more)
    users = [
        replace(gate, name=user, peer_id=f"{user}@example.com",
                kids=(Kid("net", _B, f"10.77.{n}.0/24", esp=_ESP),))
        for n, user in enumerate(("alice", "carol", "dave"))
    ]  # fmt: skip
    yield Case("field: dial-in, three users", kind, "", text([carol]), text(users),
               starts=(Start("peer", "site"), Start("cmd", "carol")))  # fmt: skip


def _kinds_of_names() -> Iterator[Case]:
    kind = "field: kinds of identities"
    gate = _site("cmd", remote="%any", id="gw.example.com")
    office = _site("peer", peer_id="gw.example.com")
    for name, said, expected in (
        ("an address sent as a name", "fqdn:192.0.2.1", "192.0.2.1"),
        ("a key id for a name", "keyid:office", "office"),
        ("a name for a key id", "office", "keyid:office"),
        ("a key id of octets for a name", '"@#0a0b"', "office"),
        ("a name with @ for a user", '"@office@example.com"', "office@example.com"),
        ("a name for a distinguished name", "office", '"CN=office"'),
        ("IPv6 sent as a name", '"fqdn:2001:db8::1"', "2001:db8::1"),
    ):
        yield _case(
            f"field: names, {name}", kind, replace(office, id=said), replace(gate, peer_id=expected)
        )
        aggressive = "aggressive = yes"
        daring = "charon.i_dont_care_about_security_and_use_aggressive_mode_psk=yes"
        yield _case(f"field: names in Aggressive Mode, {name}", kind,
                    replace(office, id=said, more=aggressive),
                    replace(gate, peer_id=expected, more=aggressive),
                    settings=(("peer", (daring,)), ("cmd", (daring,))))  # fmt: skip


def _two_subnets() -> Iterator[Case]:
    kind = "field: two subnets in one child"
    second = "10.88.2.0/24"
    single = (Kid("net", _B, _A, esp=_ESP), Kid("net2", second, _A, esp=_ESP))
    starts = (Start("peer", "site"), Start("cmd", "site"), Start("cmd", "site", ("net2",)),
              Start("cmd", "site", ("net", "net2")))  # fmt: skip
    for name, remote, kids in (
        ("as reported", f"{_B}, {second}", single),
        ("the other one first", f"{second}, {_B}", single),
        (
            "both in one on both sides",
            f"{_B}, {second}",
            (Kid("net", f"{_B}, {second}", _A, esp=_ESP),),
        ),
        (
            "both in one, other order",
            f"{_B}, {second}",
            (Kid("net", f"{second}, {_B}", _A, esp=_ESP),),
        ),
        ("one holds the other", "10.77.2.0/25, 10.77.2.0/24", single[:1]),
        ("neighbours", "10.77.2.0/25, 10.77.2.128/25", single[:1]),
        ("IPv6 second", f"{_B}, fd00:2::/64", (Kid("net", f"{_B}, fd00:2::/64", _A, esp=_ESP),)),
    ):
        peer = _site("peer", (Kid("net", _A, remote, esp=_ESP),))
        wanted = starts if len(kids) > 1 else starts[:2]
        yield _case(f"field: two subnets, {name}", kind, peer, _site("cmd", kids), starts=wanted)
    mended = (Kid("net", _A, _B, esp=_ESP), Kid("net2", _A, second, esp=_ESP))
    yield _case("field: two subnets, a second child", kind, _site("peer", mended), _site("cmd", single),
                starts=(*starts, Start("peer", "site", ("net", "net2"))))  # fmt: skip


def _unknown_algorithm() -> Iterator[Case]:
    kind = "field: an unknown algorithm"
    bad = "aes256gcm128-sha384-ecp384-ke1_mlkem1024"
    for name, other in (
        ("in another connection", Site("", "198.51.100.7", name="other", ike=bad)),
        ("in a child of another connection",
         Site("", "198.51.100.7", name="other", kids=(Kid("o", esp="aes256gcm128-ke1_mlkem1024"),))),
        ("in another connection, IKEv2", Site("", "198.51.100.7", name="other", ike=bad, more="version = 2")),
    ):  # fmt: skip
        yield Case(f"field: unknown algorithm, {name}", kind, "", text([_site("peer"), other]),
                   text([_site("cmd")]), starts=_BOTH)  # fmt: skip
    for name, peer in (
        ("in this connection", _site("peer", ike=bad)),
        ("none, but an unknown key", _site("peer", more="remote_adrs = 192.0.2.2")),
        ("beside a known one", _site("peer", ike=f"{_STRONG}, {bad}")),
        ("in its child", _site("peer", (Kid("net", _A, _B, esp=f"{_ESP}-mlkem"),))),
        ("in a second child", _site("peer", (Kid("net", _A, _B, esp=_ESP), Kid("net2", _A, esp="aes9")))),
    ):  # fmt: skip
        yield _case(f"field: unknown algorithm, {name}", kind, peer, _site("cmd"))


def _pfs() -> Iterator[Case]:
    kind = "field: PFS at one end"
    for name, esp, other, ike in (
        ("as reported", "3des-sha1-modp1024", "3des-sha1", "3des-sha1-modp1024"),
        ("another group than Phase I", "aes128-sha256-modp3072", "aes128-sha256", "aes128-sha256-modp2048"),
        ("elliptic", "aes128-sha256-ecp256", "aes128-sha256", "aes128-sha256-ecp256"),
        ("optional at the other end", "aes128-sha256-modp2048", "aes128-sha256-modp2048-modpnone",
         "aes128-sha256-modp2048"),
        ("optional by a second proposal", "aes128-sha256-modp2048", "aes128-sha256, aes128-sha256-modp2048",
         "aes128-sha256-modp2048"),
        ("mended", "aes128-sha256-modp2048", "aes128-sha256-modp2048", "aes128-sha256-modp2048"),
    ):  # fmt: skip
        yield _case(f"field: PFS, {name}", kind, _site("peer", (Kid("net", _A, _B, esp=esp),), ike=ike),
                    _site("cmd", (Kid("net", _B, _A, esp=other),), ike=ike))  # fmt: skip


def _both_renew() -> Iterator[Case]:
    """How they come up; what becomes of them in time is in the tests of lifetimes."""
    kind = "field: both renew"
    for name, more in (
        ("reauthentication", "reauth_time = 60\nrekey_time = 0"),
        ("rekeying", "rekey_time = 60"),
        ("no over_time", "rekey_time = 60\nover_time = 0"),
    ):
        yield _case(
            f"field: both renew by {name}", kind, _site("peer", more=more), _site("cmd", more=more)
        )
    aggressive: dict[str, Any] = {
        "auth": "pubkey", "id": "", "peer_id": "", "more": "aggressive = yes",
    }  # fmt: skip
    for name, mine, other in (
        ("the same order", f"{_STRONG}, aes128-sha1-ecp256", f"{_STRONG}, aes128-sha1-ecp256"),
        ("another order", f"{_STRONG}, aes128-sha1-ecp256", f"aes128-sha1-ecp256, {_STRONG}"),
        (
            "another order, one group",
            f"{_STRONG}, aes128-sha1-modp2048",
            f"aes128-sha1-modp2048, {_STRONG}",
        ),
    ):
        yield _case(f"field: two proposals in Aggressive Mode, {name}", "field: groups in Aggressive Mode",
                    _site("peer", ike=mine, own="certs = peer.crt", **aggressive),
                    _site("cmd", ike=other, own="certs = cmd.crt", **aggressive), **CERTIFIED)  # fmt: skip
    wrong = text([_site("peer")], [Secret("s")])
    yield Case("field: unquoted # in the secret", kind, "", wrong.replace('"s"', "pass#word"),
               text([_site("cmd")], [Secret("pass#word")]), starts=_BOTH)  # fmt: skip
