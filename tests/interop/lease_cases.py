"""Cases about what is configured beside the plain connection: virtual addresses, XAUTH, `default`, ciphers with
private numbers, settings of strongswan.conf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.interop.cases import Case, Start
from tests.interop.sites import CERTIFIED, Kid, Secret, Site, text

_BOTH = (Start("peer"), Start("cmd"))
_CLIENT = (Start("cmd"),)
_HOME = Kid("net", "10.2.0.0/16")
_AWAY = Kid("net", "", "10.2.0.0/16")


def lease_cases() -> Iterator[Case]:
    """All of them."""
    yield from _leases()
    yield from _xauth()
    yield from _defaults()
    yield from _private_numbers()
    yield from _settings()


def _pool(name: str, addresses: str) -> str:
    return f"pools {{\n{name} {{\naddrs = {addresses}\n}}\n}}"


def _leases() -> Iterator[Case]:
    """`cmd` asks for an address, `peer` has a pool."""
    kind = "virtual addresses"
    asks = Site(id="a.example", peer_id="b.example", kids=(_AWAY,), more="vips = 0.0.0.0")
    gives = Site(id="b.example", peer_id="a.example", kids=(_HOME,), more="pools = p")
    pool = _pool("p", "10.3.0.0/28")
    secrets = (Secret("correct horse"),)
    for name, peer, cmd, more in (
        ("leased", gives, asks, pool),
        ("a certain one asked for", gives, replace(asks, more="vips = 10.3.0.5"), pool),
        ("one outside the pool asked for", gives, replace(asks, more="vips = 10.9.0.5"), pool),
        ("none asked for", gives, replace(asks, more=""), pool),
        ("no pool", replace(gives, more=""), asks, ""),
        ("a pool that is not there", replace(gives, more="pools = q"), asks, pool),
        ("a pool of one address", gives, asks, _pool("p", "10.3.0.1")),
        ("a pool by range", gives, asks, _pool("p", "10.3.0.10-10.3.0.20")),
        ("two pools", replace(gives, more="pools = p, q"), asks,
         "pools {\np {\naddrs = 10.3.0.0/30\n}\nq {\naddrs = 10.4.0.0/30\n}\n}"),
        ("IPv6 asked for", gives, replace(asks, more="vips = ::"), pool),
        ("IPv6 leased", gives, replace(asks, more="vips = ::"), _pool("p", "fd03::/112")),
        ("both asked for", gives, replace(asks, more="vips = 0.0.0.0, ::"), pool),
        ("pushed", replace(gives, more="pools = p\npull = no"), replace(asks, more="vips = 0.0.0.0\npull = no"), pool),
        ("pushed by one side", replace(gives, more="pools = p\npull = no"), asks, pool),
        ("pulled by one side", gives, replace(asks, more="vips = 0.0.0.0\npull = no"), pool),
        ("the pool expected", replace(gives, kids=(Kid("net", "10.2.0.0/16", "10.3.0.0/28"),)), asks, pool),
        ("another network expected", replace(gives, kids=(Kid("net", "10.2.0.0/16", "10.9.0.0/24"),)), asks, pool),
        ("own network besides", gives, replace(asks, kids=(Kid("net", "10.1.0.0/16", "10.2.0.0/16"),)), pool),
        ("everything at the other end", replace(gives, kids=(Kid("net", "0.0.0.0/0"),)),
         replace(asks, kids=(Kid("net", "", "0.0.0.0/0"),)), pool),
        ("everything asked for, one network given", gives, replace(asks, kids=(Kid("net", "", "0.0.0.0/0"),)), pool),
        ("any caller", replace(gives, remote="%any"), asks, pool),
        ("other ESP proposals", gives, replace(asks, kids=(replace(_AWAY, esp="aes256-sha512"),)), pool),
    ):  # fmt: skip
        # Where the gateway starts, its Quick Mode may overtake the address: either outcome was seen.
        starts = _BOTH if name in ("none asked for", "pulled by one side") else _CLIENT
        yield Case(
            f"lease: {name}", kind, "", text([peer], secrets, more), text([cmd]), starts=starts
        )
    for behind in (("cmd",), ("peer",)):
        yield Case(f"lease: {behind[0]} behind a NAT", kind, "", text([gives], secrets, pool),
                   text([asks]), starts=_CLIENT, behind=behind, forwarded=True)  # fmt: skip
    certified = [
        replace(site, id=f"{side}.rig.test", peer_id="", auth="pubkey", own=f"certs = {side}.crt")
        for side, site in (("peer", gives), ("cmd", asks))
    ]
    yield Case("lease: certificates", kind, "", text(certified[:1], (), pool), text(certified[1:]),
               starts=_CLIENT, **CERTIFIED)  # fmt: skip


def _xauth() -> Iterator[Case]:
    """`cmd` is the user, `peer` asks for its name and password."""
    kind = "XAUTH"
    names: dict[str, Any] = {"id": "a.example", "peer_id": "b.example"}

    def user(password: str = "open", more: str = "xauth_id = carol") -> str:
        lines = f"local-2 {{\nauth = xauth\n{more}\n}}"
        site = Site(**names, more=lines)
        return text([site], (Secret("correct horse"),), _eap(password))

    def gateway(password: str = "open", extra: str = "") -> str:
        lines = f"remote-2 {{\nauth = xauth\n{extra}\n}}"
        site = Site(id="b.example", peer_id="a.example", more=lines)
        return text([site], (Secret("correct horse"),), _eap(password))

    plain = text([Site(**names)])
    for name, peer, cmd in (
        ("the same password", gateway(), user()),
        ("another password", gateway("shut"), user()),
        ("another user", gateway(), user(more="xauth_id = dave")),
        ("no user", gateway(), user(more="")),
        ("asked for at one side", gateway(), plain),
        ("offered at one side", text([Site(id="b.example", peer_id="a.example")]), user()),
        ("another back end", gateway(extra="auth = xauth-pam"), user()),
    ):
        yield Case(f"XAUTH: {name}", kind, "", peer, cmd, starts=_BOTH)


def _eap(password: str) -> str:
    return f'secrets {{\nxauth-c {{\nid = carol\nsecret = "{password}"\n}}\n}}'


def _defaults() -> Iterator[Case]:
    kind = "default proposals, measured"
    for name, ike in (
        ("the first of the list", "aes128-sha256-x25519"),
        ("another of the list", "aes256-sha512-ecp384"),
        ("modp2048", "aes128-sha256-modp2048"),
        ("modp1024", "aes128-sha256-modp1024"),
        ("modp1536", "aes128-sha1-modp1536"),
        ("3des", "3des-sha1-modp2048"),
        ("md5", "aes128-md5-modp2048"),
        ("des", "des-sha1-modp2048"),
        ("camellia", "camellia128-sha256-modp2048"),
        ("blowfish", "blowfish128-sha256-modp2048"),
        ("curve448", "aes128-sha256-x448"),
        ("brainpool", "aes128-sha256-ecp256bp"),
        ("a list that ends with the first", "3des-sha1-modp2048, aes128-sha256-x25519"),
    ):
        yield Case(f"default IKE against {name}", kind, "", text([Site(ike=ike)]),
                   text([Site(ike="default")]), starts=_BOTH)  # fmt: skip
    for name, esp in (
        ("gcm", "aes128gcm16"),
        ("gcm of 256 bits", "aes256gcm16"),
        ("aes128 sha256", "aes128-sha256"),
        ("aes256 sha512", "aes256-sha512"),
        ("aes128 sha1", "aes128-sha1"),
        ("3des", "3des-sha1"),
        ("md5", "aes128-md5"),
        ("chacha20", "chacha20poly1305"),
        ("ccm", "aes128ccm16"),
        ("PFS", "aes128gcm16-modp2048"),
        ("PFS of Phase I's group", "aes128-sha256-modp2048"),
        ("null", "null-sha256"),
    ):
        kids = (Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp=esp),)
        default = (Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp="default"),)
        yield Case(f"default ESP against {name}", kind, "", text([Site(kids=kids)]),
                   text([Site(kids=default)]), starts=_BOTH)  # fmt: skip
    unset = (Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp=""),)
    yield Case("default of everything, unset", kind, "", text([Site(ike="", kids=unset)]),
               text([Site(ike="", kids=unset)]), starts=_BOTH)  # fmt: skip
    yield Case("default of everything, stated", kind, "",
               text([Site(ike="default", kids=(replace(unset[0], esp="default"),))]),
               text([Site(ike="", kids=unset)]), starts=_BOTH)  # fmt: skip


def _private_numbers() -> Iterator[Case]:
    """Ciphers that strongSwan uses between peers that send its vendor id."""
    kind = "private numbers"
    says = ("charon.send_vendor_id=yes",)
    for cipher in ("serpent256-sha256", "twofish128-sha1", "serpent128-sha256-modp2048"):
        kids = (Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp=cipher),)
        both = text([Site(kids=kids)])
        for name, settings in (
            ("no vendor id", ()),
            ("vendor id of both", (("peer", says), ("cmd", says))),
            ("vendor id of one", (("peer", says),)),
        ):
            yield Case(f"private: {cipher}, {name}", kind, "", both, both, starts=_BOTH,
                       settings=settings)  # fmt: skip
    listed = text(
        [
            Site(
                kids=(
                    Kid("net", "$LOCAL_NET", "$REMOTE_NET", esp="serpent256-sha256, aes128-sha256"),
                )
            )
        ]
    )
    yield Case("private: serpent first, aes second", kind, "", listed, listed, starts=_BOTH)
    yield Case("private: serpent first, aes second, vendor id of both", kind, "", listed, listed,
               starts=_BOTH, settings=(("peer", says), ("cmd", says)))  # fmt: skip
    for cipher in (
        "serpent256-sha256-modp2048",
        "twofish256-sha256-modp2048",
        "aes128-sha256-modpnone",
    ):
        ike = text([Site(ike=cipher)])
        yield Case(f"private: IKE {cipher}, vendor id of both", kind, "", ike, ike, starts=_BOTH,
                   settings=(("peer", says), ("cmd", says)))  # fmt: skip


def _settings() -> Iterator[Case]:
    """Settings of strongswan.conf that may decide."""
    kind = "settings of strongswan.conf"
    plain = text([Site(id="$LOCAL_ID", peer_id="$REMOTE_ID")])
    aggressive = text([Site(id="$LOCAL_ID", peer_id="$REMOTE_ID", more="aggressive = yes")])
    daring = "charon.i_dont_care_about_security_and_use_aggressive_mode_psk=yes"
    for name, both, settings in (
        ("Aggressive Mode with a key is allowed here", aggressive, (("peer", (daring,)),)),
        (
            "Aggressive Mode with a key is allowed on both",
            aggressive,
            (("peer", (daring,)), ("cmd", (daring,))),
        ),
        (
            "unity",
            plain,
            (("peer", ("charon.cisco_unity=yes",)), ("cmd", ("charon.cisco_unity=yes",))),
        ),
        ("no delay, no fragments", plain, (("peer", ("charon.fragment_size=0",)),)),
        ("own proposals preferred", plain, (("peer", ("charon.prefer_configured_proposals=no",)),)),
        ("addresses follow the order", plain, (("peer", ("charon.prefer_temporary_addrs=yes",)),)),
    ):
        yield Case(f"setting: {name}", kind, "", both, both, starts=_BOTH, settings=settings)
    one, two = [text([Site(ike=ike)]) for ike in (
        "aes128-sha256-modp2048, aes256-sha256-modp2048", "aes256-sha256-modp2048, aes128-sha256-modp2048")]  # fmt: skip
    yield Case("setting: the initiator's order counts", kind, "", one, two, starts=_BOTH,
               settings=(("peer", ("charon.prefer_configured_proposals=no",)),))  # fmt: skip
    yield Case("setting: the responder's order counts", kind, "", one, two, starts=_BOTH)
