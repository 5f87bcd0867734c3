"""Cases about addresses: whom a daemon calls, which connection answers, one's own address not stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.interop.cases import Case, Start
from tests.interop.sites import CERTIFIED, Kid, Secret, Site, text

_OTHER_IKE = "aes256-sha512-modp3072"
_NAMES = (
    ("gw.example", "192.0.2.2"),
    ("gw6.example", "2001:db8::2"),
    ("old.example", "192.0.2.99"),
)


def address_cases() -> Iterator[Case]:
    """All of them."""
    yield from _called()
    yield from _calling()
    yield from _ipv6()
    yield from _versions()
    yield from _three_connections()
    yield from _best_match()
    yield from _hubs()


def _pair(site: Site, other: Site) -> tuple[str, str]:
    return text([site]), text([other])


def _named(local: str = "$LOCAL_IP", remote: str = "$REMOTE_IP") -> Site:
    return Site(local, remote, "$LOCAL_ID", "$REMOTE_ID")


def _addressed(local: str = "$LOCAL_IP", remote: str = "$REMOTE_IP", peer_id: str = "") -> Site:
    return Site(local, remote, "$LOCAL_IP", peer_id or "$REMOTE_IP")


def _called() -> Iterator[Case]:
    """remote_addrs of the side that is changed; the other one states the right address."""
    kind = "remote addresses"
    for name, remote in (
        ("the wrong one first", "192.0.2.99, 192.0.2.2"),
        ("the wrong one second", "192.0.2.2, 192.0.2.99"),
        ("nobody's", "192.0.2.99"),
        ("nobody's, elsewhere", "198.51.100.7"),
        ("a range, then the right one", "192.0.2.50-192.0.2.60, 192.0.2.2"),
        ("a subnet, then the right one", "192.0.2.0/24, 192.0.2.2"),
        ("a subnet only", "192.0.2.0/24"),
        ("another subnet only", "198.51.100.0/24"),
        ("the address as a subnet", "192.0.2.2/32"),
        ("the address as a range", "192.0.2.2-192.0.2.2"),
        ("%any, then the right one", "%any, 192.0.2.2"),
        ("the right one, then %any", "192.0.2.2, %any"),
        ("0.0.0.0, then the right one", "0.0.0.0, 192.0.2.2"),
        ("%any4", "%any4"),
        ("%any6", "%any6"),
        ("0.0.0.0/0, then the right one", "0.0.0.0/0, 192.0.2.2"),
        ("a name", "gw.example"),
        ("a name that resolves to nobody's address", "old.example"),
        ("a name of nobody's address, then the right one", "old.example, 192.0.2.2"),
        ("a name that does not resolve, then the right one", "lost.example, 192.0.2.2"),
        ("a name that does not resolve", "lost.example"),
        ("IPv6, then the right one", "2001:db8::2, 192.0.2.2"),
        ("unset", ""),
    ):
        peer, cmd = _pair(_named(remote=remote), _named())
        yield Case(f"remote: {name}", kind, "", peer, cmd, hosts=_NAMES)
    for name, site in (
        (
            "nobody's, identities are addresses",
            _addressed(remote="192.0.2.99", peer_id="192.0.2.99"),
        ),
        ("nobody's, identity of the right address", _addressed(remote="192.0.2.99")),
        ("nobody's, no identities", Site(remote="192.0.2.99")),
        ("nobody's, Aggressive Mode", Site(remote="192.0.2.99", more="aggressive = yes")),
    ):
        peer, cmd = _pair(site, _addressed() if site.id else Site(more=site.more))
        yield Case(f"remote: {name}", kind, "", peer, cmd)
    peer, cmd = _pair(_named(remote="192.0.2.99"), _named(remote="192.0.2.98"))
    yield Case("remote: nobody's on both sides", kind, "", peer, cmd)


def _calling() -> Iterator[Case]:
    """local_addrs of the side that is changed, which has 192.0.2.1 and 192.0.2.3; the other one takes any caller."""
    kind = "local addresses"
    own = (("peer", ("192.0.2.1/24", "192.0.2.3/24", "2001:db8::1/64")),)
    for name, local in (
        ("unset", ""),
        ("the second one first", "192.0.2.3, 192.0.2.1"),
        ("not one of its own first", "192.0.2.77, 192.0.2.1"),
        ("not one of its own", "192.0.2.77"),
        ("a subnet", "192.0.2.0/24"),
        ("a range without the first one", "192.0.2.3-192.0.2.9"),
        ("a name", "me.example"),
        ("IPv6, then IPv4", "2001:db8::1, 192.0.2.1"),
        ("%any", "%any"),
    ):
        hosts = (("me.example", "192.0.2.3"),)
        for who, other in (("any caller", "%any"), ("the first one", "192.0.2.1")):
            peer, cmd = _pair(_named(local=local), _named(remote=other))
            yield Case(f"local: {name}; {who} is answered", kind, "", peer, cmd,
                       addresses=own, hosts=hosts)  # fmt: skip
    for name, local, identity in (
        ("unset, the address as identity expected", "", "192.0.2.1"),
        ("the second one, the first as identity expected", "192.0.2.3", "192.0.2.1"),
        ("the second one, the second as identity expected", "192.0.2.3", "192.0.2.3"),
    ):
        peer, cmd = _pair(Site(local), Site(remote="192.0.2.1, 192.0.2.3", peer_id=identity))
        yield Case(f"local: {name}", kind, "", peer, cmd, addresses=own)


def _ipv6() -> Iterator[Case]:
    kind = "IPv6"
    one, two = "2001:db8::1", "2001:db8::2"
    nets = (Kid("net", "fd00:1::/64", "fd00:2::/64"),)
    swen = (Kid("net", "fd00:2::/64", "fd00:1::/64"),)

    def peer(local: str = one, remote: str = two, **more: Any) -> Site:
        return replace(Site(local, remote, kids=nets), **more)

    def cmd(local: str = two, remote: str = one, **more: Any) -> Site:
        return replace(Site(local, remote, kids=swen), **more)

    for name, mine, other in (
        ("addresses", peer(), cmd()),
        ("nobody's address", peer(remote="2001:db8::99"), cmd()),
        ("own address unset", peer(local=""), cmd()),
        ("the caller's subnet", peer(), cmd(remote="2001:db8::/64")),
        ("another subnet", peer(), cmd(remote="2001:db8:1::/64")),
        ("a name", peer(remote="gw6.example"), cmd()),
        ("any IPv4 caller", peer(), cmd(remote="%any4")),
        ("any IPv6 caller", peer(), cmd(remote="%any6")),
        ("addresses as identities", peer(id=one, peer_id=two), cmd(id=two, peer_id=one)),
        ("an address of IPv4 expected", peer(), cmd(peer_id="192.0.2.1")),
        ("a subnet expected", peer(), cmd(peer_id="2001:db8::/32")),
        ("certificates", peer(auth="pubkey", own="certs = peer.crt"),
         cmd(auth="pubkey", own="certs = cmd.crt")),
        ("IPv4 at one end", peer(local="", remote="192.0.2.2"), cmd()),
    ):  # fmt: skip
        files = CERTIFIED if mine.auth == "pubkey" else {}
        yield Case(f"IPv6: {name}", kind, "", text([mine]), text([other]), hosts=_NAMES, **files)
    inside = (Kid("net", "$LOCAL_NET", "$REMOTE_NET"),)
    yield Case("IPv6: networks of IPv4", kind, "",
               text([Site(one, two, kids=inside)]), text([Site(two, one, kids=inside)]))  # fmt: skip
    hosts = (Kid("net"),)
    for mode in ("tunnel", "transport"):
        kids = tuple(Kid(kid.name, mode=mode) for kid in hosts)
        yield Case(f"IPv6: host to host, {mode}", kind, "",
                   text([Site(one, two, kids=kids)]), text([Site(two, one, kids=kids)]))  # fmt: skip
    for name, secret in (
        ("the caller's address", Secret("correct horse", (one,))),
        ("its subnet", Secret("correct horse", ("2001:db8::/64",))),
        ("another address", Secret("correct horse", ("2001:db8::9",))),
    ):
        yield Case(f"IPv6: secret for {name}", kind, "", text([peer()]), text([cmd()], [secret]))


def _versions() -> Iterator[Case]:
    """A name is called, no policy states its address, and the other end answers one IP version or both."""
    kind = "IP versions"
    for name, host in (("gw.example", "IPv4"), ("gw6.example", "IPv6")):
        for calling in ("", "%any4", "%any6", "$LOCAL_IP"):
            for local in ("", "%any4", "0.0.0.0/0", "%any6", "::/0"):
                for remote in ("%any", "%any4", "%any6", "$REMOTE_IP"):
                    words = f"{calling or 'nothing'} calls a name ({host}), {local or 'nothing'} answers {remote}"
                    texts = _pair(_named(calling, name), _named(local, remote))
                    yield Case(
                        f"{kind}: {words}", kind, "", *texts, initiators=("peer",), hosts=_NAMES
                    )


def _spoke(local: str, remote_ts: str = "10.9.2.0/24", **more: Any) -> Site:
    kids = (Kid("net", "", remote_ts),)
    return replace(
        Site(local, "192.0.2.1", "spoke.example", "hub.example", "hub", kids=kids), **more
    )


def _hub(name: str, remote: str, net: str, local: str = "192.0.2.1", **more: Any) -> Site:
    kids = (Kid(f"net{name}", net),)
    return replace(Site(local, remote, "hub.example", name=name, kids=kids), **more)


_HUB = (
    _hub("one", "192.0.2.11", "10.9.1.0/24"),
    _hub("two", "192.0.2.12", "10.9.2.0/24"),
    _hub("three", "%any", "10.9.3.0/24"),
)
_SPOKE = Start("cmd", "hub")


def _three_connections() -> Iterator[Case]:
    """The spoke's address decides which connection of the hub answers."""
    kind = "own address not stated"
    own: tuple[tuple[str, tuple[str, ...]], ...]
    for address in ("192.0.2.11", "192.0.2.12", "192.0.2.13"):
        own = (("cmd", (f"{address}/24", "2001:db8::2/64")),)
        for name, local in (("unset", ""), ("stated", address)):
            for count in (2, 3):
                yield Case(f"hub of {count}: the spoke has {address}, {name}", kind, "",
                           text(_HUB[:count]), text([_spoke(local)]), addresses=own,
                           starts=(_SPOKE, Start("peer", "two", ("nettwo",))))  # fmt: skip
    own = (("cmd", ("192.0.2.12/24", "192.0.2.11/24", "2001:db8::2/64")),)
    yield Case("hub of 2: the spoke has both, unset", kind, "", text(_HUB[:2]), text([_spoke("")]),
               addresses=own, starts=(_SPOKE,))  # fmt: skip
    yield Case("hub of 2: the spoke has both, the second stated", kind, "", text(_HUB[:2]),
               text([_spoke("192.0.2.11")]), addresses=own, starts=(_SPOKE,))  # fmt: skip
    alike = (_hub("one", "192.0.2.11", "10.9.2.0/24"), _hub("two", "192.0.2.12", "10.9.2.0/24"))
    for address in ("192.0.2.11", "192.0.2.12"):
        own = (("cmd", (f"{address}/24", "2001:db8::2/64")),)
        yield Case(f"hub of 2 alike: the spoke has {address}, unset", kind, "", text(alike),
                   text([_spoke("")]), addresses=own, starts=(_SPOKE,))  # fmt: skip
    six = (
        _hub("one", "2001:db8::11", "10.9.1.0/24", "2001:db8::1"),
        _hub("two", "2001:db8::12", "10.9.2.0/24", "2001:db8::1"),
    )
    for address in ("2001:db8::11", "2001:db8::12"):
        own = (("cmd", ("192.0.2.2/24", f"{address}/64")),)
        spoke = Site("", "2001:db8::1", "spoke.example", "hub.example", "hub",
                     kids=(Kid("net", "fd00:2::/64", "10.9.2.0/24"),))  # fmt: skip
        yield Case(f"hub of 2: the spoke has {address}, unset", kind, "", text(six), text([spoke]),
                   addresses=own, starts=(_SPOKE,))  # fmt: skip


def _best_match() -> Iterator[Case]:
    """Two connections of the hub match the caller's address; the better one differs."""
    kind = "the best match by address"
    net = "10.9.1.0/24"
    caller = _spoke("$LOCAL_IP", net)
    exact, other = _hub("exact", "192.0.2.2", net), _hub("any", "%any", net)

    def two(name: str, *hub: Site, mine: Site = caller, **more: Any) -> Case:
        return Case(f"match: {name}", kind, "", text(hub), text([mine]),
                    starts=(_SPOKE,), **more)  # fmt: skip

    def changed(site: Site, **values: Any) -> Site:
        return _hub(site.name, site.remote, net, values.pop("local", site.local), **values)

    yield two("the exact one has other IKE proposals", changed(exact, ike=_OTHER_IKE), other)
    yield two("the looser one has other IKE proposals", changed(other, ike=_OTHER_IKE), exact)
    yield two("the first of two alike has other IKE proposals",
              changed(exact, ike=_OTHER_IKE), _hub("twin", "192.0.2.2", net))  # fmt: skip
    yield two("remote exact against local exact",
              _hub("a", "%any", net, ike=_OTHER_IKE), _hub("b", "192.0.2.2", net, "%any"))  # fmt: skip
    yield two("remote exact against local exact, the other way",
              _hub("a", "192.0.2.2", net, "%any", ike=_OTHER_IKE), _hub("b", "%any", net))  # fmt: skip
    yield two("a range against a subnet", _hub("a", "192.0.2.1-192.0.2.9", net, ike=_OTHER_IKE),
              _hub("b", "192.0.2.0/24", net))  # fmt: skip
    yield two("a subnet against a longer one", _hub("a", "192.0.2.0/25", net),
              _hub("b", "192.0.2.0/24", net, ike=_OTHER_IKE))  # fmt: skip
    yield two("the exact one is IKEv2's", changed(exact, more="version = 2"), other)
    yield two("the exact one is for both versions",
              changed(exact, more="version = 0", ike=_OTHER_IKE), _hub("twin", "192.0.2.2", net))  # fmt: skip
    yield two("the exact one expects another name",
              _hub("exact", "192.0.2.2", net, peer_id="other.example"), other)  # fmt: skip
    yield two("the exact one expects a pattern, the looser one the name",
              _hub("exact", "192.0.2.2", net, peer_id="*.example"),
              _hub("any", "%any", net, peer_id="spoke.example"))  # fmt: skip
    yield two("the exact one expects anybody, the looser one the name", exact,
              _hub("any", "%any", net, peer_id="spoke.example"))  # fmt: skip
    anybody = _hub("any", "%any", net, peer_id="spoke.example")
    pattern = _hub("exact", "192.0.2.2", net, peer_id="*.example")
    both = _hub("both", "192.0.2.2", net, peer_id="spoke.example")
    yield two("the name at any address, then anybody at the exact one", anybody, exact)
    yield two("the name at any address, then a pattern at the exact one", anybody, pattern)
    yield two("the name at any address, anybody exact, the name exact", anybody, exact, both)
    yield two(
        "the exact one is for Aggressive Mode", changed(exact, more="aggressive = yes"), other
    )
    yield two("the exact one is for certificates", changed(exact, auth="pubkey"), other)
    yield two("the exact one has other ESP proposals",
              Site("192.0.2.1", "192.0.2.2", "hub.example", name="exact",
                   kids=(Kid("net", net, esp="aes256-sha512"),)), other)  # fmt: skip
    yield two("the exact one has other subnets", _hub("exact", "192.0.2.2", "10.10.0.0/24"), other)
    for name, secrets in (
        (
            "the exact one has a secret for another",
            (("wrong", "other.example"), ("right", "spoke.example")),
        ),
        ("the exact one has none", (("right", "spoke.example"),)),
    ):
        hub = (_hub("exact", "192.0.2.2", net, peer_id="other.example"),
               _hub("any", "%any", net, peer_id="spoke.example"))  # fmt: skip
        made = [Secret(value, (owner,)) for value, owner in secrets]
        yield Case(f"match: {name}", kind, "", text(hub, made),
                   text([caller], [Secret("right")]), starts=(_SPOKE,))  # fmt: skip


def _hubs() -> Iterator[Case]:
    """Three peers of one hub, told apart by identity: the caller is one of them."""
    kind = "three connections"
    net = "10.9.{}.0/24"
    for auth, files in (("psk", {}), ("pubkey", CERTIFIED)):
        own = {"psk": ("hub.example", ""), "pubkey": ("peer.rig.test", "certs = peer.crt")}[auth]
        names = ("other.rig.test", "cmd.rig.test", "more.rig.test")
        hub = [
            Site("192.0.2.1", "%any", own[0], name, f"c{n}", auth, own=own[1],
                 kids=(Kid("net", net.format(n), "192.0.2.2/32"),))
            for n, name in enumerate(names)
        ]  # fmt: skip
        for wanted in (0, 1):
            caller = Site("192.0.2.2", "192.0.2.1", "cmd.rig.test", own[0], "hub", auth,
                          own="certs = cmd.crt" if auth == "pubkey" else "",
                          kids=(Kid("net", "192.0.2.2/32", net.format(wanted)),))  # fmt: skip
            yield Case(f"hub of 3 by name, {auth}: the net of c{wanted}", kind, "", text(hub),
                       text([caller]), starts=(_SPOKE,), **files)  # fmt: skip
        stranger = Site("192.0.2.2", "192.0.2.1", "cmd.example", own[0], "hub", auth,
                        own="certs = cmd.crt" if auth == "pubkey" else "",
                        kids=(Kid("net", "192.0.2.2/32", net.format(1)),))  # fmt: skip
        yield Case(f"hub of 3 by name, {auth}: a stranger", kind, "", text(hub), text([stranger]),
                   starts=(_SPOKE,), **files)  # fmt: skip
