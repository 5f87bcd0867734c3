"""Cases about Phase II: proposals, PFS, mode, selectors, children."""

from __future__ import annotations

from collections.abc import Iterator

from tests.interop.cases import AES, AH, DES3, HOST, TRANSPORT, Case, esp, net, rig

TWO = "aes128-sha1, 3des-sha1"


def phase2_cases() -> Iterator[Case]:
    """All of them."""
    yield from _proposals()
    yield from _pfs()
    yield from _modes()
    yield from _selectors()
    yield from _children()


def _proposals() -> Iterator[Case]:
    kind = "ESP and AH proposals"
    for name, peer, cmd in (
        ("another cipher", "3des-sha1", "aes128-sha1"),
        ("another integrity", "3des-sha1", "3des-md5"),
        ("another key length", "aes128-sha256", "aes256-sha256"),
        ("a second proposal", "3des-sha1", TWO),
        ("the same two, other order", TWO, "3des-sha1, aes128-sha1"),
        ("nothing in common of two each", TWO, "aes256-sha1, 3des-md5"),
        ("two ciphers, common one second", "3des-sha1", "aes128-3des-sha1"),
        ("two ciphers, common one first", "3des-sha1", "3des-aes128-sha1"),
        ("two integrities, common one second", "3des-sha1", "3des-md5-sha1"),
        ("aes128 sha256", "aes128-sha256", "aes128-sha256"),
        ("aes256 sha512", "aes256-sha512", "aes256-sha512"),
        ("aes256 sha384", "aes256-sha384", "aes256-sha384"),
        ("sha256 truncated on one side", "aes128-sha256", "aes128-sha256_96"),
        ("gcm", "aes128gcm16", "aes128gcm16"),
        ("gcm by another word", "aes128gcm16", "aes128gcm128"),
        ("gcm against cbc", "aes128gcm16", "aes128-sha1"),
        ("another gcm tag", "aes128gcm16", "aes128gcm8"),
        ("gcm first, cbc second", "aes128gcm16, 3des-sha1", "3des-sha1"),
        ("null", "null-sha1", "null-sha1"),
        ("des md5", "des-md5", "des-md5"),
        ("no integrity", "3des", "3des"),
        ("no integrity against sha1", "3des", "3des-sha1"),
        ("sha256 truncated on both", "aes128-sha256_96", "aes128-sha256_96"),
        ("counter mode", "aes128ctr-sha256", "aes128ctr-sha256"),
        ("ccm", "aes128ccm16", "aes128ccm16"),
        ("chacha20", "chacha20poly1305", "chacha20poly1305"),
        ("camellia", "camellia128-sha1", "camellia128-sha1"),
        ("aes xcbc", "aes128-aesxcbc", "aes128-aesxcbc"),
        ("gmac", "aes128gmac", "aes128gmac"),
        ("no extended sequence numbers, stated", "3des-sha1-noesn", "3des-sha1"),
    ):
        yield Case(f"ESP: {name}", kind, DES3, esp(peer), esp(cmd))
    yield Case("AH against ESP", kind, TRANSPORT, "",
               net("esp_proposals =\nah_proposals = sha1"))  # fmt: skip
    yield Case("AH: another integrity", kind, AH, "", net("ah_proposals = md5"))
    yield Case("AH: a second integrity", kind, AH, "", net("ah_proposals = md5-sha1"))
    yield Case("AH or ESP against ESP", kind, TRANSPORT, "", net("ah_proposals = sha1"))  # fmt: skip
    after, ahead = net("ah_proposals = sha1"), net("esp_proposals =\nah_proposals = sha1")
    ahead += net("esp_proposals = 3des-sha1")
    yield Case("ESP, then AH on both", kind, TRANSPORT, after, after)
    yield Case("AH, then ESP on both", kind, AH, esp("3des-sha1"), esp("3des-sha1"))
    yield Case("AH, then ESP against ESP", kind, AH, esp("3des-sha1"), ahead)
    yield Case("AH, then ESP against AH", kind, AH, "", esp("3des-sha1"))
    yield Case("ESP, then AH against AH", kind, TRANSPORT, after,
               net("esp_proposals =\nah_proposals = sha1"))  # fmt: skip


def _pfs() -> Iterator[Case]:
    kind = "PFS"
    for name, peer, cmd in (
        ("on one side only", "aes128-sha256-modp2048", "aes128-sha256"),
        ("another group", "aes128-sha256-modp2048", "aes128-sha256-modp3072"),
        ("two groups, common one first", "aes128-sha256-modp2048",
         "aes128-sha256-modp2048-modp3072"),
        ("two groups, common one second", "aes128-sha256-modp2048",
         "aes128-sha256-modp3072-modp2048"),
        ("left to the peer", "aes128-sha256", "aes128-sha256-modp2048-modpnone"),
        ("left to the peer, who wants it", "aes128-sha256-modp2048",
         "aes128-sha256-modp2048-modpnone"),
        ("rather none, left to the peer", "aes128-sha256-modp2048",
         "aes128-sha256-modpnone-modp2048"),
        ("a proposal with, one without", "aes128-sha256",
         "aes128-sha256-modp2048, aes128-sha256"),
        ("one without, a proposal with", "aes128-sha256-modp2048",
         "aes128-sha256, aes128-sha256-modp2048"),
        ("two proposals, two groups", "aes128-sha256-modp3072",
         "aes256-sha256-modp2048, aes128-sha256-modp3072"),
        ("two proposals, two groups, the first in common", "aes256-sha256-modp2048",
         "aes256-sha256-modp2048, aes128-sha256-modp3072"),
        ("two proposals, the group of Phase I in the second", "aes256-sha256-modp3072",
         "aes256-sha256-modp3072, aes128-sha256-modp2048"),
        ("two proposals, both in common, the group of Phase I in the second",
         "aes256-sha256-modp3072, aes128-sha256-modp2048",
         "aes256-sha256-modp3072, aes128-sha256-modp2048"),
        ("three, with the group of Phase I in one and none in one",
         "aes256-sha256-modp3072, aes128-sha256",
         "aes256-sha256-modp3072, aes128-sha256-modp2048, aes128-sha256"),
        ("another group than Phase I's, and none", "aes128-sha256",
         "aes256-sha256-modp3072, aes128-sha256"),
        ("modpnone first", "aes128-sha256-modp2048", "aes128-sha256-modpnone"),
        ("modpnone first, a group or none in the last", "3des-sha1",
         "aes256-sha256-modpnone, 3des-sha1-modp2048-modpnone"),
        ("none first, then modpnone, a group or none in the last", "3des-sha1",
         "aes128-md5, aes256-sha256-modpnone, 3des-sha1-modp2048-modpnone"),
        ("modp1024", "3des-sha1-modp1024", "3des-sha1-modp1024"),
        ("ecp256", "aes128-sha256-ecp256", "aes128-sha256-ecp256"),
    ):  # fmt: skip
        yield Case(f"PFS: {name}", kind, AES, esp(peer), esp(cmd))


def _modes() -> Iterator[Case]:
    kind = "mode"
    yield Case("mode: transport on one side", kind, TRANSPORT, "", net("mode = tunnel"))  # fmt: skip
    yield Case("mode: transport on one side of a tunnel", kind, DES3, "", net("mode = transport"))  # fmt: skip
    yield Case("mode: tunnel on both", kind, TRANSPORT, net("mode = tunnel"), net("mode = tunnel"))  # fmt: skip
    yield Case("mode: beet on one side", kind, HOST, "", net("mode = beet"))
    yield Case("mode: beet on both", kind, HOST, net("mode = beet"), net("mode = beet"))  # fmt: skip
    yield Case("mode: transport between networks", kind, DES3, net("mode = transport"),
               net("mode = transport"))  # fmt: skip
    for name, cmd in (
        ("its network", "local_ts = 192.0.2.0/24"),
        ("its address", "local_ts = 192.0.2.2/32"),
        ("a stranger's address", "local_ts = 192.0.2.9/32"),
        ("the peer's network", "remote_ts = 192.0.2.0/24"),
        ("TCP", "local_ts = dynamic[tcp]\nremote_ts = dynamic[tcp]"),
    ):
        yield Case(f"mode: transport for {name}", kind, TRANSPORT, "", net(cmd))
    yield Case("mode: beet for its address", kind, HOST, "",
               net("mode = beet\nlocal_ts = 192.0.2.2/32"))  # fmt: skip
    yield Case("mode: beet between networks", kind, DES3, net("mode = beet"), net("mode = beet"))  # fmt: skip
    yield Case("mode and proposal", kind, TRANSPORT, "",
               net("mode = tunnel\nesp_proposals = aes128-sha1"))  # fmt: skip
    for name, what in (("passes in clear", "pass"), ("drops", "drop")):
        yield Case(f"mode: the other {name}", kind, HOST, "", net(f"mode = {what}"), initiators=("peer",))  # fmt: skip


def _selectors() -> Iterator[Case]:
    kind = "selectors"

    def local(text: str) -> str:
        return net(f"local_ts = {text}")

    def remote(text: str) -> str:
        return net(f"remote_ts = {text}")

    for name, base, peer, cmd in (
        ("own half", DES3, "", local("10.77.2.0/25")),
        ("own larger network", DES3, "", local("10.77.0.0/16")),
        ("another own network", DES3, "", local("10.99.0.0/24")),
        ("half of the peer's", DES3, "", remote("10.77.1.128/25")),
        ("larger than the peer's", DES3, "", remote("10.77.0.0/16")),
        ("another peer's network", DES3, "", remote("10.99.0.0/24")),
        ("the peer's by range", DES3, "", remote("10.77.1.0-10.77.1.255")),
        ("part of the peer's by range", DES3, "", remote("10.77.1.10-10.77.1.20")),
        ("overlapping ranges", DES3, local("10.77.1.5-10.77.1.15"),
         remote("10.77.1.10-10.77.1.20")),
        ("all of everything", DES3, local("0.0.0.0/0"), remote("0.0.0.0/0")),
        ("everything against one network", DES3, "", remote("0.0.0.0/0")),
        ("two of the own, the common one first", DES3, "", local("10.77.2.0/24, 10.99.0.0/24")),
        ("two of the own, the common one second", DES3, "", local("10.99.0.0/24, 10.77.2.0/24")),
        ("two of the peer's, the common one second", DES3, "",
         remote("10.99.0.0/24, 10.77.1.0/24")),
        ("two on both sides, mirrored", DES3, local("10.77.1.0/24, 10.98.0.0/24"),
         remote("10.77.1.0/24, 10.98.0.0/24")),
        ("dynamic against the network", DES3, "", net("local_ts = dynamic")),
        ("the address against dynamic", HOST, "", net("local_ts = 192.0.2.2/32")),
        ("another address against dynamic", HOST, "", net("local_ts = 192.0.2.77/32")),
        ("half, and another proposal", DES3, "",
         local("10.99.0.0/24") + esp("aes128-sha1")),
        ("IPv6 against IPv4", DES3, "", local("fd00:2::/64")),
        ("TCP on both", DES3, local("10.77.1.0/24[tcp]") + remote("10.77.2.0/24[tcp]"),
         local("10.77.2.0/24[tcp]") + remote("10.77.1.0/24[tcp]")),
        ("TCP on one side", DES3, "",
         local("10.77.2.0/24[tcp]") + remote("10.77.1.0/24[tcp]")),
        ("TCP against UDP", DES3, local("10.77.1.0/24[udp]") + remote("10.77.2.0/24[udp]"),
         local("10.77.2.0/24[tcp]") + remote("10.77.1.0/24[tcp]")),
        ("one port on both", DES3, local("10.77.1.0/24[tcp/80]") + remote("10.77.2.0/24[tcp]"),
         local("10.77.2.0/24[tcp]") + remote("10.77.1.0/24[tcp/80]")),
        ("one port on one side", DES3, local("10.77.1.0/24[tcp]") + remote("10.77.2.0/24[tcp]"),
         local("10.77.2.0/24[tcp]") + remote("10.77.1.0/24[tcp/80]")),
        ("another port", DES3, local("10.77.1.0/24[tcp/443]") + remote("10.77.2.0/24[tcp]"),
         local("10.77.2.0/24[tcp]") + remote("10.77.1.0/24[tcp/80]")),
        ("TCP of the own only", DES3, "", local("10.77.2.0/24[tcp]")),
    ):  # fmt: skip
        yield Case(f"selector: {name}", kind, base, peer, cmd)


def _children() -> Iterator[Case]:
    kind = "several children"

    def child(name: str, text: str) -> str:
        return rig(f"children {{ {name} {{\n{text}\n}} }}")

    ends = "local_ts = $LOCAL_NET\nremote_ts = $REMOTE_NET\n"
    wide = "local_ts = 10.77.0.0/16\nremote_ts = 10.77.0.0/16\n"
    for name, base, cmd in (
        ("a wider one ahead, other proposals", DES3,
         child("wide", wide + "esp_proposals = aes256-sha256")),
        ("the same selectors, other proposals", DES3,
         child("twin", ends + "esp_proposals = aes256-sha256")),
        ("a wider one with the right proposals", DES3,
         net("esp_proposals = aes256-sha256") + child("wide", wide + "esp_proposals = 3des-sha1")),
        ("another network, right proposals", DES3,
         child("other", "local_ts = 10.99.0.0/24\nremote_ts = $REMOTE_NET\n"
                        "esp_proposals = 3des-sha1")),
        ("a transport one beside the tunnel", HOST,
         child("near", "mode = transport\nesp_proposals = 3des-sha1")),
        ("a wider one that passes in clear", DES3, child("wide", wide + "mode = pass")),
        ("the same selectors pass in clear, ahead of a wider tunnel", DES3,
         net("local_ts = 10.77.0.0/16\nremote_ts = 10.77.0.0/16")
         + child("clear", ends + "mode = pass")),
        ("the fitting one by its first selector", DES3,
         net("local_ts = 10.99.0.0/24, $LOCAL_NET")
         + child("exact", ends + "esp_proposals = aes256-sha256")),
    ):  # fmt: skip
        yield Case(f"children: {name}", kind, base, "", cmd)
