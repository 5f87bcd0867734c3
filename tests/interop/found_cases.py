"""Pairs that verify once got wrong, or that only one rule of it gets right; `test_breaks` breaks those rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.interop.cases import SIDES, Case
from tests.interop.sites import CERTIFIED, Kid, Secret, Site, text

_SITE = Site(id="$LOCAL_ID", peer_id="$REMOTE_ID")
_CERTIFIED = replace(_SITE, auth="pubkey", own="certs = $SIDE.crt")
_KID = _SITE.kids[0]
_SECRETS = (Secret("correct horse"),)


def found_cases() -> Iterator[Case]:
    """All of them."""
    yield from _unconfirmed()
    yield from _by_name()
    yield from _cannot_start()
    yield from _one_port()
    yield from _proxies()
    yield from _both_users()


def _pair(name: str, kind: str, peer: Site | list[Site], cmd: Site | list[Site]) -> Case:
    ends = [x if isinstance(x, list) else [x] for x in (peer, cmd)]
    return Case(name, kind, "", text(ends[0], _SECRETS), text(ends[1], _SECRETS))


def _unconfirmed() -> Iterator[Case]:
    """`cmd` does not state its address, and `peer` names one that it may not have."""
    kind = "an address that its owner does not state"
    wrong, there = replace(_SITE, remote="192.0.2.99"), replace(_SITE, local="")
    hosts = (Kid("net", mode="transport"),)
    two = (Kid("net", "$LOCAL_IP", mode="transport"),)
    six = replace(_SITE, local="2001:db8::1", remote="2001:db8::99")
    for name, peer, cmd in (
        ("wrong", wrong, there),
        ("right, at both ends", there, there),
        ("wrong, and cmd takes any caller", wrong, replace(there, remote="%any")),
        ("wrong, IPv6", six, replace(there, remote="2001:db8::1")),
        ("wrong, by the id of cmd", replace(wrong, peer_id="%any"), replace(there, id="$LOCAL_IP")),
        ("wrong, by what peer expects", replace(wrong, peer_id="192.0.2.2"), replace(there, id="")),
        ("wrong, by local_ts", replace(wrong, kids=hosts), replace(there, kids=two)),
        ("right, and the id of cmd is another", replace(_SITE, peer_id="%any"),
         replace(there, id="198.51.100.9")),
        ("wrong, and cmd calls from an address that peer does not take",
         replace(_SITE, local="%any", remote="2001:db8::2"),
         replace(_SITE, remote="192.0.2.128/25, 2001:db8::1, 198.51.100.9")),
        ("the caller has none of those that cmd takes", replace(_SITE, local=""),
         replace(_SITE, remote="192.0.2.128/25, 198.51.100.9")),
    ):  # fmt: skip
        made = _pair(f"address: {name}", kind, peer, cmd)
        yield (
            replace(made, addresses=(("cmd", ("192.0.2.2/24",)),)) if "calls from" in name else made
        )
    certified = replace(_CERTIFIED, remote="192.0.2.99", peer_id="%any")
    there = replace(_CERTIFIED, local="")
    yield replace(
        _pair("address: wrong, by the certificate of cmd", kind, certified, there), **CERTIFIED
    )


def _by_name() -> Iterator[Case]:
    """Where the name does not resolve, the address after it is called; of cmd's networks the name may be in
    one, and the address is in the other."""
    named = replace(_SITE, remote="lost.example, 192.0.2.2")
    two = [
        replace(_SITE, name="c1", local="192.0.2.0/31", kids=(replace(_KID, esp="aes256-sha256"),)),
        replace(_SITE, local="192.0.2.0/24"),
    ]
    kind = "several connections"
    yield _pair("several connections: a name that does not resolve first", kind, named, two)


def _cannot_start() -> Iterator[Case]:
    """An initiator without a key for its identity sends nothing, whatever else is wrong."""
    bad = replace(_CERTIFIED, id="other.rig.test")
    bare = replace(_SITE, auth="pubkey", id="")
    any_ = replace(_SITE, auth="pubkey", peer_id="")
    nat: tuple[str, ...]
    for name, peer, cmd, nat in (
        ("nobody at the address", replace(bad, remote="192.0.2.99"), _CERTIFIED, ()),
        ("other proposals", replace(bad, ike="aes256-sha512-ecp256"), _CERTIFIED, ()),
        ("Aggressive Mode at one end", replace(bad, more="aggressive = yes"), _CERTIFIED, ()),
        ("behind a NAT", bad, _CERTIFIED, ("peer",)),
        ("the other end behind a NAT", bad, _CERTIFIED, ("cmd",)),
        ("both behind a NAT", bad, _CERTIFIED, ("peer", "cmd")),
        ("the public address as its own", replace(bad, local="192.0.2.1"), _CERTIFIED, ("peer",)),
        ("neither certs nor id, and nobody at the address", replace(bare, remote="192.0.2.99"), any_, ()),
    ):  # fmt: skip
        made = _pair(f"no key to start with: {name}", "certificate", peer, cmd)
        forwarded = nat == ("peer", "cmd")
        yield replace(made, behind=nat, forwarded=forwarded, **CERTIFIED)


def _one_port() -> Iterator[Case]:
    """The responder's answer holds one port of a range, too."""
    for name, ports, other in (
        ("a range at the responder", "[tcp/1024-65535]", ""),
        ("a range at the responder, a port at the initiator", "[tcp/80-90]", "[tcp/85]"),
        ("ICMP types at the responder", "[icmp/8-10]", ""),
    ):
        peer = replace(_SITE, kids=(replace(_KID, local=f"$LOCAL_NET{ports}"),))
        cmd = replace(_SITE, kids=(replace(_KID, remote=f"$REMOTE_NET{other}"),))
        yield _pair(f"ports: {name}", "selectors", peer, cmd)


def _proxies() -> Iterator[Case]:
    """Transport mode for other hosts: the selectors stay as they are."""

    def site(mode: str, **more: str) -> Site:
        return replace(_SITE, kids=(replace(_KID, mode=mode, **more),))

    proxy, kind = "transport_proxy", "mode"
    own = {"local": "dynamic", "remote": "dynamic"}
    for name, peer, cmd in (
        ("at both ends", site(proxy), site(proxy)),
        ("against tunnel", site(proxy), site("tunnel")),
        ("against transport", site(proxy), site("transport")),
        ("of the two hosts", site(proxy, **own), site(proxy, **own)),
        ("of the two hosts, against transport", site(proxy, **own), site("transport", **own)),
        ("IPv6", site(proxy, local="fd00:1::/64", remote="fd00:2::/64"),
         site(proxy, local="fd00:2::/64", remote="fd00:1::/64")),
        ("a wide network at one end", site(proxy, local="10.77.0.0/16"), site(proxy)),
        ("with AH", site(proxy, ah="sha256"), site(proxy, ah="sha256")),
    ):  # fmt: skip
        yield _pair(f"mode: transport_proxy, {name}", kind, peer, cmd)
    for name, peer in (("networks", site(proxy)), ("the two hosts", site(proxy, **own))):
        made = _pair(f"mode: transport_proxy through a NAT, {name}", kind, peer, peer)
        yield replace(made, behind=("cmd",), forwarded=True)


def _both_users() -> Iterator[Case]:
    """XAUTH in both directions: such an end starts as a user, and answers users."""
    user, gateway = (
        "local-2 {\nauth = xauth\nxauth_id = carol\n}\n",
        "remote-2 {\nauth = xauth\n}\n",
    )
    aggressive = "aggressive = yes\n"

    def end(side: str, more: str, password: str = "open") -> str:
        ids = ("b.example", "a.example") if side == "peer" else ("a.example", "b.example")
        eap = f'secrets {{\nxauth-c {{\nid = carol\nsecret = "{password}"\n}}\n}}'
        return text([Site(id=ids[0], peer_id=ids[1], more=more)], _SECRETS, eap)

    two = user + gateway
    for name, peer, cmd in (
        ("both ends", end("peer", two), end("cmd", two)),
        ("both ends, other passwords", end("peer", two, "shut"), end("cmd", two)),
        ("both ends, Aggressive Mode", end("peer", two + aggressive), end("cmd", two + aggressive)),
        ("against a user", end("peer", two), end("cmd", user)),
        ("against a gateway", end("peer", two), end("cmd", gateway)),
        ("against neither", end("peer", two), end("cmd", "")),
        ("two users", end("peer", user), end("cmd", user)),
        ("two gateways", end("peer", gateway), end("cmd", gateway)),
    ):
        made = Case(f"XAUTH in both directions: {name}", "XAUTH", "", peer, cmd)
        daring = "charon.i_dont_care_about_security_and_use_aggressive_mode_psk=yes"
        settings = tuple((side, (daring,)) for side in SIDES)
        yield replace(made, settings=settings) if aggressive in peer else made
