"""Cases about Phase I's offer: algorithms, groups, exchange, lifetimes, addresses, version."""

from __future__ import annotations

from collections.abc import Iterator

from tests.interop.cases import AES, DES3, LIVES, WEAK, Case, ike, net, rig, text_of

TWO = "aes128-sha1-modp1024, 3des-sha1-modp1024"


def phase1_cases() -> Iterator[Case]:
    """All of them."""
    yield from _unchanged()
    yield from _proposals()
    yield from _groups()
    yield from _defaults()
    yield from _exchange()
    yield from _lifetimes()
    yield from _addresses()
    yield from _versions()
    yield from _several_connections()


def _unchanged() -> Iterator[Case]:
    kind = "nothing"
    for base in (DES3, AES, WEAK, "psk-host-tunnel", LIVES, "cert-rsa"):
        yield Case(f"{base} unchanged", kind, base)
    for base in ("psk-esp-transport", "psk-ah-transport"):
        yield Case(f"{base} unchanged", kind, base)
    for base in ("no-proposal-chosen", "psk-mismatch", "quick-no-proposal-chosen"):
        yield Case(f"{base} against {DES3}", kind, "", text_of(base), text_of(DES3))


def _proposals() -> Iterator[Case]:
    kind = "IKE proposals"
    for name, peer, cmd in (
        ("another cipher", "3des-sha1-modp1024", "aes128-sha1-modp1024"),
        ("another hash", "3des-sha1-modp1024", "3des-md5-modp1024"),
        ("another key length", "aes128-sha256-modp2048", "aes256-sha256-modp2048"),
        ("a second proposal", "3des-sha1-modp1024", TWO),
        ("the common one last of three", "des-md5-modp768, " + TWO, "3des-sha1-modp1024"),
        ("the same two, other order", TWO, "3des-sha1-modp1024, aes128-sha1-modp1024"),
        ("nothing in common of two each", TWO, "aes256-sha1-modp1024, 3des-md5-modp1024"),
        ("two ciphers, common one second", "3des-sha1-modp1024", "aes128-3des-sha1-modp1024"),
        ("two ciphers, common one first", "3des-sha1-modp1024", "3des-aes128-sha1-modp1024"),
        ("two hashes, common one second", "3des-sha1-modp1024", "3des-md5-sha1-modp1024"),
        ("two of everything", "aes128-md5-modp2048", "3des-aes128-sha1-md5-modp1024-modp2048"),
        ("two ciphers on both, other order", "3des-aes128-sha1-modp1024",
         "aes128-3des-sha1-modp1024"),
        ("aes192 sha384", "aes192-sha384-modp2048", "aes192-sha384-modp2048"),
        ("aes256 sha512", "aes256-sha512-modp2048", "aes256-sha512-modp2048"),
        ("another sha2", "aes256-sha512-modp2048", "aes256-sha384-modp2048"),
        ("camellia", "camellia256-sha256-modp2048", "camellia256-sha256-modp2048"),
        ("blowfish", "blowfish256-sha1-modp2048", "blowfish256-sha1-modp2048"),
        ("cast", "cast128-sha1-modp1024", "cast128-sha1-modp1024"),
        ("the same prf stated", "aes128-sha256-prfsha256-modp2048", "aes128-sha256-modp2048"),
        ("another prf on both", "aes128-sha256-prfsha1-modp2048", "aes128-sha256-prfsha1-modp2048"),
        ("another prf on one side", "aes128-sha256-modp2048", "aes128-sha256-prfsha1-modp2048"),
        ("aead", "aes128gcm16-prfsha256-modp2048", "aes128gcm16-prfsha256-modp2048"),
        ("aead first, cbc second", "aes128gcm16-prfsha256-modp2048, aes128-sha256-modp2048",
         "aes128gcm16-prfsha256-modp2048, aes128-sha256-modp2048"),
        ("xcbc", "aes128-aesxcbc-modp2048", "aes128-aesxcbc-modp2048"),
        ("xcbc first, sha1 second", "aes128-aesxcbc-sha1-modp2048", "aes128-aesxcbc-sha1-modp2048"),
        ("counter mode first, cbc second", "aes128ctr-aes128-sha256-modp2048",
         "aes128ctr-aes128-sha256-modp2048"),
        ("another prf first, its own second",
         "aes128-sha256-prfsha1-modp2048, aes256-sha256-modp2048",
         "aes128-sha256-modp2048, aes256-sha256-modp2048"),
        ("two prfs", "aes128-sha256-prfsha1-prfsha256-modp2048", "aes128-sha256-modp2048"),
        ("counter mode", "aes128ctr-sha256-modp2048", "aes128ctr-sha256-modp2048"),
    ):  # fmt: skip
        yield Case(f"IKE: {name}", kind, DES3, ike(peer), ike(cmd))


def _groups() -> Iterator[Case]:
    kind = "Diffie-Hellman group of Phase I"
    for name, peer, cmd in (
        ("another group", "3des-sha1-modp1024", "3des-sha1-modp2048"),
        ("two groups, common one second", "3des-sha1-modp1024", "3des-sha1-modp2048-modp1024"),
        ("two groups, common one first", "3des-sha1-modp1024", "3des-sha1-modp1024-modp2048"),
        ("two groups on both, other order", "3des-sha1-modp1024-modp2048",
         "3des-sha1-modp2048-modp1024"),
        ("modp1536", "aes128-sha1-modp1536", "aes128-sha1-modp1536"),
        ("modp3072", "aes128-sha256-modp3072", "aes128-sha256-modp3072"),
        ("modp4096", "aes128-sha256-modp4096", "aes128-sha256-modp4096"),
        ("ecp256", "aes128-sha256-ecp256", "aes128-sha256-ecp256"),
        ("curve25519", "aes128-sha256-curve25519", "aes128-sha256-curve25519"),
        ("modp2048 with a subgroup", "aes128-sha256-modp2048s256", "aes128-sha256-modp2048s256"),
    ):  # fmt: skip
        yield Case(f"group: {name}", kind, DES3, ike(peer), ike(cmd))


def _defaults() -> Iterator[Case]:
    kind = "default proposals"
    yield Case("IKE default on both", kind, AES, rig("proposals ="), rig("proposals ="))
    yield Case("IKE default on one", kind, AES, "", rig("proposals = default"))
    yield Case("IKE default against 1998", kind, WEAK, "", rig("proposals = default"))
    yield Case("IKE default after another", kind, AES, "", ike("aes128-sha256-modp2048, default"))
    yield Case("ESP default on both", kind, DES3, net("esp_proposals ="), net("esp_proposals ="))
    yield Case("ESP default on one", kind, DES3, net("esp_proposals = aes256-sha256"),
               net("esp_proposals = default"))  # fmt: skip
    yield Case("ESP default against 3des", kind, DES3, "", net("esp_proposals = default"))
    yield Case("ESP default against PFS", kind, AES, "", net("esp_proposals = default"))


def _exchange() -> Iterator[Case]:
    kind = "exchange mode"
    yes = rig("aggressive = yes")
    yield Case("Aggressive Mode on one side, psk", kind, DES3, "", yes)
    yield Case("Aggressive Mode on both sides, psk", kind, DES3, yes, yes)
    yield Case("Aggressive Mode on one side, certificates", kind, "cert-rsa", "", yes)
    yield Case("Aggressive Mode on both sides, certificates", kind, "cert-rsa", yes, yes)
    yield Case("Aggressive Mode, no common proposal", kind, "cert-rsa",
               yes, yes + ike("aes128-sha1-modp1024"))  # fmt: skip
    yield Case("Aggressive Mode, two groups", kind, "cert-rsa",
               yes, yes + ike("3des-sha1-modp2048-modp1024"))  # fmt: skip


def _lifetimes() -> Iterator[Case]:
    kind = "lifetimes"
    for name, text in (
        ("Phase I shorter", rig("rekey_time = 60s")),
        ("Phase I longer", rig("rekey_time = 24h")),
        ("Phase I by reauth_time", rig("reauth_time = 3h")),
        ("Phase I without", rig("rekey_time = 0")),
        ("Phase II shorter", net("life_time = 60s\nrekey_time = 50s")),
        ("Phase II longer", net("life_time = 24h\nrekey_time = 23h")),
        ("Phase II by bytes", net("life_bytes = 10m\nrekey_bytes = 9m")),
        ("Phase II by packets", net("life_packets = 100000\nrekey_packets = 90000")),
        ("Phase II without", net("life_time = 0\nrekey_time = 0")),
        ("Phase II longer than Phase I", rig("rekey_time = 10m") + net("life_time = 8h")),
    ):
        yield Case(f"lifetimes: {name}", kind, DES3, "", text)


def _addresses() -> Iterator[Case]:
    kind = "addresses"
    for name, text in (
        ("any peer", "remote_addrs = %any"),
        ("any own address", "local_addrs = %any"),
        ("a network", "remote_addrs = 192.0.2.0/24"),
        ("a list with the peer's", "remote_addrs = 192.0.2.1, 192.0.2.9"),
        ("another peer's", "remote_addrs = 192.0.2.9"),
        ("another network", "remote_addrs = 198.51.100.0/24"),
        ("another own one", "local_addrs = 192.0.2.9"),
    ):
        yield Case(f"addresses: {name}", kind, DES3, "", rig(text))


def _versions() -> Iterator[Case]:
    kind = "IKE version"
    yield Case("version 2 on one side", kind, DES3, "", rig("version = 2"))
    yield Case("version 0 on one side", kind, DES3, "", rig("version = 0"))


def _several_connections() -> Iterator[Case]:
    kind = "several connections"

    here = "local_addrs = $LOCAL_IP\nremote_addrs = $REMOTE_IP"

    def another(name: str, text: str, ends: str = here) -> str:
        return f"connections {{ {name} {{\nversion = 1\n{ends}\n{text}\n}} }}\n"

    psk = "local { auth = psk\nid = $LOCAL_ID }\nremote { auth = psk\nid = $REMOTE_ID }"
    child = "children { net { esp_proposals = aes128-sha256-modp2048\nlocal_ts = $LOCAL_NET\n"
    child += "remote_ts = $REMOTE_NET } }"
    strong = "proposals = aes128-sha256-modp2048"
    for name, cmd in (
        ("one more for another identity",
         another("also", f"{strong}\n{psk}\n{child}".replace("$REMOTE_ID", "other.rig.test"))),
        ("one more that also fits", another("also", f"{strong}\n{psk}\n{child}")),
        ("one more with certificates",
         another("also", f"{strong}\nlocal {{ auth = pubkey }}\nremote {{ auth = pubkey }}\n{child}")),
        ("one more with other proposals",
         another("also", f"proposals = aes256-sha512-modp4096\n{psk}\n{child}")),
        ("one more in Aggressive Mode",
         another("also", f"aggressive = yes\n{strong}\n{psk}\n{child}")),
        ("one more for any peer",
         another("also", f"proposals = aes256-sha512-modp4096\n{psk}\n{child}",
                 "local_addrs = %any\nremote_addrs = %any")),
    ):  # fmt: skip
        yield Case(f"connections: {name}", kind, AES, "", cmd)
    # The connection that is meant for this pair stands behind one with other proposals.
    first = another("ahead", f"proposals = aes256-sha512-modp4096\n{psk}\n{child}")
    yield Case("connections: other proposals ahead", kind, AES, "", first)
    exact = another("ahead", f"proposals = aes256-sha512-modp4096\n{psk}\n{child}")
    yield Case("connections: the exact address has other proposals", kind, AES, "",
               rig("remote_addrs = 192.0.2.0/24") + exact)  # fmt: skip
