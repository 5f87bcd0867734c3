"""Cases with a NAT between the two: which addresses each end sees, and what rests on them.

`cmd` (or both) is behind a NAT that changes ports; its own address is 10.66.0.2, its public one 192.0.2.2.
Where 500 and 4500 are forwarded, the other end can call the public address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.interop.cases import Case, Start
from tests.interop.sites import CERTIFIED, Kid, Secret, Site, text

_PRIVATE, _PUBLIC, _PEER = "10.66.0.2", "192.0.2.2", "192.0.2.1"
_BOTH = (Start("peer"), Start("cmd"))
_DARING = "charon.i_dont_care_about_security_and_use_aggressive_mode_psk=yes"


def nat_cases() -> Iterator[Case]:
    """All of them."""
    yield from _who_can_call()
    yield from _identities()
    yield from _secrets()
    yield from _certificates()
    yield from _host_to_host()
    yield from _networks()
    yield from _aggressive()
    yield from _hub()


def _case(
    name: str,
    kind: str,
    peer: Site,
    cmd: Site,
    forwarded: bool = True,
    behind: tuple[str, ...] = ("cmd",),
    secrets: tuple[Secret, Secret] | None = None,
) -> Case:
    own, other = secrets or (_SHARED, _SHARED)
    return Case(f"NAT: {name}", kind, "", text([peer], [own]), text([cmd], [other]),
                starts=_BOTH, behind=behind, forwarded=forwarded)  # fmt: skip


_SHARED = Secret("correct horse")
_NAMED = Site(id="$LOCAL_ID", peer_id="$REMOTE_ID")


def _who_can_call() -> Iterator[Case]:
    kind = "NAT, addresses"
    for forwarded in (False, True):
        how = "forwarded" if forwarded else "not forwarded"
        for name, peer, cmd in (
            ("names", _NAMED, _NAMED),
            ("names, any caller", replace(_NAMED, remote="%any"), _NAMED),
            ("names, own address unset", _NAMED, replace(_NAMED, local="")),
            ("names, the public address as its own", _NAMED, replace(_NAMED, local=_PUBLIC)),
            ("names, the private address called", replace(_NAMED, remote=_PRIVATE), _NAMED),
            ("names, a subnet of callers", replace(_NAMED, remote="192.0.2.0/24"), _NAMED),
            ("names, a subnet of private callers", replace(_NAMED, remote="10.66.0.0/24"), _NAMED),
        ):
            yield _case(f"{name}, {how}", kind, peer, cmd, forwarded)
    yield _case("names, at both ends, forwarded", kind, _NAMED, _NAMED, True, ("peer", "cmd"))
    yield _case("names, at both ends, not forwarded", kind, _NAMED, _NAMED, False, ("peer", "cmd"))
    yield _case("names, the other end behind it", kind, _NAMED, _NAMED, True, ("peer",))
    yield _case("UDP encapsulation is forced, nothing between", kind,
                replace(_NAMED, more="encap = yes"), replace(_NAMED, more="encap = yes"), True, ())  # fmt: skip


def _identities() -> Iterator[Case]:
    kind = "NAT, identities"
    for name, peer, cmd in (
        ("none stated", Site(), Site()),
        ("the public address said and expected", Site(id=_PEER, peer_id=_PUBLIC), Site(id=_PUBLIC, peer_id=_PEER)),
        ("the private address said and expected", Site(id=_PEER, peer_id=_PRIVATE), Site(id=_PRIVATE, peer_id=_PEER)),
        ("the private address said, the public one expected", Site(id=_PEER, peer_id=_PUBLIC),
         Site(id=_PRIVATE, peer_id=_PEER)),
        ("none said, the public address expected", Site(id=_PEER, peer_id=_PUBLIC), Site(peer_id=_PEER)),
        ("none said, the private address expected", Site(id=_PEER, peer_id=_PRIVATE), Site(peer_id=_PEER)),
        ("none said, a private subnet expected", Site(id=_PEER, peer_id="10.66.0.0/24"), Site(peer_id=_PEER)),
        ("none said, any expected", Site(id=_PEER, peer_id="%any"), Site(peer_id=_PEER)),
    ):  # fmt: skip
        yield _case(name, kind, peer, cmd)
    yield _case("none stated, at both ends", kind, Site(), Site(), behind=("peer", "cmd"))
    yield _case("none said, public addresses expected, at both ends", kind, Site(peer_id=_PUBLIC),
                Site(peer_id=_PEER), behind=("peer", "cmd"))  # fmt: skip


def _secrets() -> Iterator[Case]:
    kind = "NAT, secrets"
    free = Secret("correct horse")

    def owned(owner: str) -> Secret:
        return Secret("correct horse", (owner,))

    for name, peer, secrets in (
        ("names; for the public address", _NAMED, (owned(_PUBLIC), free)),
        ("names; for the private address", _NAMED, (owned(_PRIVATE), free)),
        ("no names; for the public address", Site(), (owned(_PUBLIC), free)),
        ("no names; for the private address", Site(), (owned(_PRIVATE), free)),
        ("private address expected; for it", Site(id=_PEER, peer_id=_PRIVATE), (owned(_PRIVATE), free)),
        ("private address expected; for the public one", Site(id=_PEER, peer_id=_PRIVATE),
         (owned(_PUBLIC), free)),
        ("no names; for one's own private address", Site(), (free, owned(_PRIVATE))),
        ("no names; for one's own public address", Site(), (free, owned(_PUBLIC))),
        ("no names; for the other's address", Site(), (free, owned(_PEER))),
    ):  # fmt: skip
        cmd = _NAMED if peer is _NAMED else Site()
        yield _case(f"secret, {name}", kind, peer, cmd, secrets=secrets)


def _certified(side: str, **values: Any) -> Site:
    return replace(Site(auth="pubkey", own=f"certs = {side}.crt"), **values)


def _certificates() -> Iterator[Case]:
    kind = "NAT, certificates"
    for name, peer, cmd in (
        ("names", {"id": "$LOCAL_ID", "peer_id": "$REMOTE_ID"}, {"id": "$LOCAL_ID", "peer_id": "$REMOTE_ID"}),
        ("no names", {}, {}),
        ("the public address, which the certificate has", {"peer_id": _PUBLIC}, {"id": _PUBLIC}),
        ("the private address, which it has not", {}, {"id": _PRIVATE}),
        ("no names, the public address expected", {"peer_id": _PUBLIC}, {}),
    ):  # fmt: skip
        for mode, more in (("", ""), (" in Aggressive Mode", "aggressive = yes")):
            sites = _certified("peer", more=more, **peer), _certified("cmd", more=more, **cmd)
            yield replace(_case(f"certificates{mode}, {name}", kind, *sites), **CERTIFIED)


def _host_to_host() -> Iterator[Case]:
    """Selectors that are the hosts themselves: dynamic ones, and what can stand for them."""
    kind = "NAT, host to host"
    for mode in ("tunnel", "transport"):
        for name, remote, local in (
            ("dynamic", "", ""),
            ("its private address said", "", f"{_PRIVATE}/32"),
            ("its public address said", "", f"{_PUBLIC}/32"),
            ("its private address expected", f"{_PRIVATE}/32", ""),
            ("its public address expected", f"{_PUBLIC}/32", ""),
            ("its private address on both", f"{_PRIVATE}/32", f"{_PRIVATE}/32"),
            ("its public address on both", f"{_PUBLIC}/32", f"{_PUBLIC}/32"),
            ("a private network expected", "10.66.0.0/24", ""),
            ("everything", "0.0.0.0/0", "0.0.0.0/0"),
            ("TCP", "dynamic[tcp]", "dynamic[tcp]"),
        ):
            ends = ("dynamic[tcp]",) * 2 if name == "TCP" else ("", "")
            peer = replace(_NAMED, kids=(Kid("net", ends[0], remote, mode=mode),))
            cmd = replace(_NAMED, kids=(Kid("net", local, ends[1], mode=mode),))
            yield _case(f"{mode}, {name}", kind, peer, cmd)
        both = replace(_NAMED, kids=(Kid("net", mode=mode),))
        yield _case(f"{mode}, dynamic, at both ends", kind, both, both, behind=("peer", "cmd"))
        yield _case(f"{mode}, dynamic, not forwarded", kind, both, both, False)
    mixed = replace(_NAMED, kids=(Kid("net", mode="transport"),))
    yield _case("transport on one side", kind, mixed, replace(_NAMED, kids=(Kid("net"),)))


def _networks() -> Iterator[Case]:
    kind = "NAT, networks"
    for name, peer, cmd in (
        ("the host's own address into a network", Kid("net", "$LOCAL_NET", ""), Kid("net", "", "$REMOTE_NET")),
        ("the host's own address, anything expected", Kid("net", "$LOCAL_NET", "0.0.0.0/0"),
         Kid("net", "", "$REMOTE_NET")),
        ("AH", Kid("net", "$LOCAL_NET", "$REMOTE_NET", ah="sha256"), Kid("net", "$LOCAL_NET", "$REMOTE_NET", ah="sha256")),
        ("AH in transport mode", Kid("net", ah="sha256", mode="transport"), Kid("net", ah="sha256", mode="transport")),
        ("other ESP proposals", Kid("net", "$LOCAL_NET", "$REMOTE_NET"),
         Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp="aes256-sha512")),
        ("another network", Kid("net", "$LOCAL_NET", "$REMOTE_NET"), Kid("net", "10.99.0.0/24", "$REMOTE_NET")),
        ("half of the network", Kid("net", "$LOCAL_NET", "10.77.2.0/25"), Kid("net", "$LOCAL_NET", "$REMOTE_NET")),
        ("PFS", Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp="aes128-sha256-modp2048"),
         Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp="aes128-sha256-modp2048")),
    ):  # fmt: skip
        yield _case(name, kind, replace(_NAMED, kids=(peer,)), replace(_NAMED, kids=(cmd,)))


def _aggressive() -> Iterator[Case]:
    kind = "NAT, Aggressive Mode"
    daring = (("peer", (_DARING,)), ("cmd", (_DARING,)))
    for name, peer, cmd in (
        ("names", _NAMED, _NAMED),
        ("no names", Site(), Site()),
        ("the public address expected", Site(peer_id=_PUBLIC), Site()),
    ):
        one, two = replace(peer, more="aggressive = yes"), replace(cmd, more="aggressive = yes")
        yield replace(_case(f"Aggressive Mode, {name}", kind, one, two), settings=daring)
        yield _case(f"Aggressive Mode, {name}, refused", kind, one, two)


def _hub() -> Iterator[Case]:
    """The public address decides which connection of the hub answers."""
    kind = "NAT, three connections"
    hub = [
        Site("192.0.2.1", remote, "hub.example", name=name, kids=(Kid(f"net{name}", net),))
        for name, remote, net in (
            ("one", "192.0.2.2", "10.9.1.0/24"),
            ("two", "10.66.0.2", "10.9.2.0/24"),
            ("three", "%any", "10.9.3.0/24"),
        )
    ]
    for wanted, net in (("one", "10.9.1.0/24"), ("two", "10.9.2.0/24")):
        for local in ("", "$LOCAL_IP"):
            spoke = Site(local, "192.0.2.1", "spoke.example", "hub.example", "hub",
                         kids=(Kid("net", "10.66.0.2/32", net),))  # fmt: skip
            kids = [replace(kid, remote="10.66.0.2/32") for site in hub for kid in site.kids]
            sites = [replace(site, kids=(kid,)) for site, kid in zip(hub, kids, strict=True)]
            stated = "stated" if local else "unset"
            yield Case(f"NAT: hub of 3, the net of {wanted}, own address {stated}", kind, "",
                       text(sites), text([spoke]), behind=("cmd",),
                       starts=(Start("cmd", "hub"), Start("peer", "one", ("netone",))),
                       forwarded=True)  # fmt: skip
