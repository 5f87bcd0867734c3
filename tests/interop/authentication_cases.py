"""Cases about who the peers are: pre-shared keys, identities, certificates, method."""

from __future__ import annotations

from collections.abc import Iterator

from tests.interop.cases import AES, CERT, DES3, HOST, Case, certified, rig, secrets

RIGHT = "interop-test-psk"


def authentication_cases() -> Iterator[Case]:
    """All of them."""
    yield from _secrets()
    yield from _identities()
    yield from _certificates()
    yield from _methods()
    yield from _two_faults()


def _secrets() -> Iterator[Case]:
    kind = "pre-shared key"

    def secret(name: str, value: str, *owners: str) -> str:
        ids = "".join(f"id-{i} = {owner}\n" for i, owner in enumerate(owners))
        return f"{name} {{\nsecret = {value}\n{ids}}}\n"

    plain = RIGHT.encode().hex()
    for name, base, text in (
        ("another", DES3, secret("ike-rig", "another")),
        ("another, identities by name", AES, secret("ike-rig", "another")),
        ("none", DES3, "ike-rig { id-a = 198.51.100.7\n}"),
        ("the same in hex", DES3, secret("ike-rig", f"0x{plain}")),
        ("the same in base64", DES3, secret("ike-rig", "0saW50ZXJvcC10ZXN0LXBzaw==")),
        ("another in case", DES3, secret("ike-rig", RIGHT.upper())),
        ("the peer's address named", DES3, secret("ike-rig", RIGHT, "$REMOTE_IP")),
        ("both addresses named", DES3, secret("ike-rig", RIGHT, "$LOCAL_IP", "$REMOTE_IP")),
        ("the peer's name named", AES, secret("ike-rig", RIGHT, "$REMOTE_ID")),
        ("both names named", AES, secret("ike-rig", RIGHT, "$LOCAL_ID", "$REMOTE_ID")),
        ("only the own name named", AES, secret("ike-rig", RIGHT, "$LOCAL_ID")),
        ("only a stranger named", AES, secret("ike-rig", RIGHT, "other.rig.test")),
        ("a pattern of names", AES, secret("ike-rig", RIGHT, "*.rig.test")),
        ("wrong for all, right for the name", AES,
         secret("ike-rig", "another") + secret("ike-two", RIGHT, "$REMOTE_ID")),
        ("wrong for the address, right for the name", AES,
         secret("ike-rig", "another", "$REMOTE_IP") + secret("ike-two", RIGHT, "$REMOTE_ID")),
        ("right for the address, wrong for the name", AES,
         secret("ike-rig", RIGHT, "$REMOTE_IP") + secret("ike-two", "another", "$REMOTE_ID")),
        ("wrong for all, right for the address", DES3,
         secret("ike-rig", "another") + secret("ike-two", RIGHT, "$REMOTE_IP")),
        ("right for all, wrong for a stranger", DES3,
         secret("ike-two", "another", "198.51.100.7")),
        ("two for all, the right one first", DES3, secret("ike-two", "another")),
        ("two for all, the right one last", DES3,
         secret("ike-rig", "another") + secret("ike-two", RIGHT)),
        ("wrong for the own, right for the peer's address", DES3,
         secret("ike-rig", "another", "$LOCAL_IP") + secret("ike-two", RIGHT, "$REMOTE_IP")),
        ("two for all, names the other way", DES3, secret("ike-aa", "another")),
        ("two for the name, the right one last", AES,
         secret("ike-rig", "another", "$REMOTE_ID") + secret("ike-two", RIGHT, "$REMOTE_ID")),
        ("right for both names, wrong for the peer's", AES,
         secret("ike-rig", RIGHT, "$LOCAL_ID", "$REMOTE_ID")
         + secret("ike-two", "another", "$REMOTE_ID")),
        ("wrong for the own name, right for all", AES,
         secret("ike-rig", RIGHT) + secret("ike-two", "another", "$LOCAL_ID")),
        ("%any named", DES3, secret("ike-rig", RIGHT, "%any")),
        ("wrong for %any, right for the name", AES,
         secret("ike-rig", "another", "%any") + secret("ike-two", RIGHT, "$REMOTE_ID")),
    ):  # fmt: skip
        yield Case(f"secret: {name}", kind, base, "", secrets(text))


def _identities() -> Iterator[Case]:
    kind = "identities"

    def local(identity: str) -> str:
        return rig(f"local {{ id = {identity} }}")

    def remote(identity: str) -> str:
        return rig(f"remote {{ id = {identity} }}")

    for name, base, peer, cmd in (
        ("says another name", AES, "", local("other.rig.test")),
        ("expects another name", AES, "", remote("other.rig.test")),
        ("both changed alike", AES, remote("other.rig.test"), local("other.rig.test")),
        ("says nothing: its address", AES, "", local("")),
        ("expects nothing: any", AES, "", remote("")),
        ("expects %any", AES, "", remote("%any")),
        ("expects a pattern that fits", AES, "", remote("*.rig.test")),
        ("expects a pattern that does not fit", AES, "", remote("*.example.test")),
        ("expects an address for a name", AES, "", remote("$REMOTE_IP")),
        ("says an address that it has not", DES3, "", local("192.0.2.77")),
        ("expects another address", DES3, "", remote("192.0.2.77")),
        ("expects a network of addresses", DES3, "", remote("192.0.2.0/24")),
        ("expects another network of addresses", DES3, "", remote("198.51.100.0/24")),
        ("expects a range of addresses", DES3, "", remote("192.0.2.1-192.0.2.9")),
        ("says nothing where the address is expected", DES3, "", local("")),
        ("says its name in capitals", AES, "", local("CMD.RIG.TEST")),
        ("says its name with @", AES, "", local("@cmd.rig.test")),
        ("says its name with fqdn:", AES, "", local('"fqdn:cmd.rig.test"')),
        ("says a user's name", AES, "", local("cmd@rig.test")),
        ("both say a user's name", AES, remote("cmd@rig.test"), local("cmd@rig.test")),
        ("a user's name by pattern", AES, remote("*@rig.test"), local("cmd@rig.test")),
        ("both say a key id", AES, remote('"@#cafe01"'), local('"@#cafe01"')),
        ("both say a key id in words", AES, remote('"keyid:gate"'), local('"keyid:gate"')),
        ("another key id", AES, remote('"@#cafe01"'), local('"@#cafe02"')),
        ("both say a distinguished name", AES, remote('"O=rig, CN=gate"'),
         local('"O=rig, CN=gate"')),
        ("distinguished name, other order", AES, remote('"CN=gate, O=rig"'),
         local('"O=rig, CN=gate"')),
        ("distinguished name, other case", AES, remote('"O=RIG, CN=Gate"'),
         local('"O=rig, CN=gate"')),
        ("distinguished name with a pattern", AES, remote('"O=rig, CN=*"'),
         local('"O=rig, CN=gate"')),
        ("distinguished name, one part less", AES, remote('"O=rig"'), local('"O=rig, CN=gate"')),
        ("both say the same name", AES,
         rig("local { id = one.rig.test }\nremote { id = one.rig.test }"),
         rig("local { id = one.rig.test }\nremote { id = one.rig.test }")),
        ("names where both have addresses", HOST, local("$LOCAL_ID"), remote("$REMOTE_ID")),
    ):  # fmt: skip
        yield Case(f"identity: {name}", kind, base, peer, cmd)


def _certificates() -> Iterator[Case]:
    kind = "certificates"
    both = ("ca", "other-ca")

    def remote(text: str) -> str:
        return rig(f"remote {{ {text} }}")

    named = rig("remote {\ncacerts =\n}")  # any trust anchor
    for name, peer, cmd, peer_files, cmd_files in (
        ("issued by another authority", "", "", (), certified("cmd", "cmd-other")),
        ("the other authority is trusted too", named, "",
         certified("peer", "", both), certified("cmd", "cmd-other")),
        ("another authority is demanded", remote("cacerts = other-ca.crt"), "",
         certified("peer", "", both), ()),
        ("trusts another authority only", "", remote("cacerts = other-ca.crt"),
         (), certified("cmd", "", ("other-ca",))),
        ("expired", "", "", (), certified("cmd", "cmd-expired")),
        ("not valid yet", "", "", (), certified("cmd", "cmd-future")),
        ("by an intermediate that is sent", "", "",
         (), certified("cmd", "cmd-inter", ("ca", "intermediate"))),
        ("by an intermediate that the peer keeps", "", "",
         certified("peer", "", ("ca", "intermediate")), certified("cmd", "cmd-inter")),
        ("only the intermediate is trusted", remote("cacerts ="), "",
         certified("peer", "", ("intermediate",)), certified("cmd", "cmd-inter")),
        ("an intermediate is demanded", remote("cacerts = intermediate.crt"), "",
         certified("peer", "", ("ca", "intermediate")), certified("cmd", "cmd-inter")),
        ("an intermediate is demanded in vain", remote("cacerts = intermediate.crt"), "",
         certified("peer", "", ("ca", "intermediate")), ()),
        ("two in the folder, the other fits", "", rig("local { certs = }"), (),
         certified("cmd", "cmd-plain", ("ca",), ("x509/second.crt", "cmd"))),
        ("by an intermediate that nobody sends", "", "", (), certified("cmd", "cmd-inter")),
        ("signed by itself", "", "", (), certified("cmd", "cmd-self")),
        ("signed by itself, and kept by the peer",
         rig("remote { cacerts =\ncerts = kept.crt }"), "",
         certified("peer", "", ("ca",), ("x509/kept.crt", "cmd-self")),
         certified("cmd", "cmd-self")),
        ("kept by the peer", rig("remote { cacerts =\ncerts = kept.crt }"), "",
         certified("peer", "", ("ca",), ("x509/kept.crt", "cmd")), ()),
        ("another one kept by the peer", rig("remote { cacerts =\ncerts = kept.crt }"), "",
         certified("peer", "", ("ca",), ("x509/kept.crt", "cmd-plain")), ()),
        ("does not confirm the name", "", "", (), certified("cmd", "cmd-plain")),
        ("does not confirm the name, subject expected",
         remote('id = "O=rig, CN=cmd.rig.test"'), "", (), certified("cmd", "cmd-plain")),
        ("no name stated, subject expected", remote('id = "O=rig, CN=cmd.rig.test"'),
         rig("local { id = }"), (), ()),
        ("no name stated, name expected", "", rig("local { id = }"), (), ()),
        ("subject stated, name expected", "", rig('local { id = "O=rig, CN=cmd.rig.test" }'),
         (), ()),
        ("subject by pattern", remote('id = "O=rig, CN=*"'),
         rig('local { id = "O=rig, CN=cmd.rig.test" }'), (), ()),
        ("any name expected", remote("id = %any"), "", (), ()),
        ("address stated and expected", remote("id = $REMOTE_IP"), rig("local { id = $LOCAL_IP }"),
         (), ()),
        ("another name stated and expected", remote("id = other.rig.test"),
         rig("local { id = other.rig.test }"), (), ()),
        ("no certificate named, one in the folder", "", rig("local { certs = }"), (), ()),
    ):  # fmt: skip
        yield Case(f"certificate: {name}", kind, CERT, peer, cmd, peer_files or (), cmd_files or ())
    yield from _strictness()


def _strictness() -> Iterator[Case]:
    """How much is asked of a certificate: keys, hashes, usage, revocation."""
    kind = "strictness about certificates"
    for name, variant, anchors in (
        ("a key of 1024 bits", "small", ("ca",)),
        ("signed with SHA-1", "sha1", ("ca",)),
        ("signed with MD5", "md5", ("ca",)),
        ("may not sign", "wrap", ("ca",)),
        ("not for IPsec", "code", ("ca",)),
        ("by a certificate that is no authority's", "leaf", ("ca",)),
        ("by an authority that may not sign certificates", "mute", ("mute-ca",)),
        ("by an authority with a key of 1024 bits", "smallca", ("small-ca",)),
    ):
        free = rig("remote {\ncacerts =\n}") if anchors != ("ca",) else ""
        yield Case(f"certificate: {name}", kind, CERT, free, "",
                   certified("peer", "", tuple(dict.fromkeys(("ca", *anchors)))),
                   certified("cmd", f"cmd-{variant}"))  # fmt: skip
    for name, auth, variant in (
        ("2048 bits are demanded, and there are as many", "rsa-2048", ""),
        ("2048 bits are demanded, and there are 1024", "rsa-2048", "small"),
        ("2048 bits are demanded, and the authority has 1024", "rsa-2048", "smallca"),
        ("3072 bits are demanded, and there are 2048", "rsa-3072", ""),
        ("SHA-2 is demanded", "pubkey-sha256-sha384", ""),
        ("SHA-2 is demanded, and it is signed with SHA-1", "pubkey-sha256", "sha1"),
        (
            "2048 bits and SHA-2 are demanded, and it is signed with SHA-1",
            "rsa-2048-sha256",
            "sha1",
        ),
        ("SHA-1 is demanded, and it is signed with SHA-2", "rsa-sha1", ""),
    ):
        small = variant == "smallca"
        roots, free = (("ca", "small-ca"), "cacerts =") if small else (("ca",), "")
        yield Case(f"certificate: {name}", kind, CERT,
                   rig(f"remote {{\nauth = {auth}\n{free}\n}}"), "", certified("peer", "", roots),
                   certified("cmd", f"cmd-{variant}" if variant else ""))  # fmt: skip
    for name, said, listed in (
        ("revoked", "", "list-of-cmd"),
        ("revoked, by a list that is out of date", "", "list-past-of-cmd"),
        ("another one is revoked", "", "list-of-cmd-plain"),
        ("the list is out of date", "", "list-old"),
        ("the list is out of date, and one is demanded", "strict", "list-old"),
        ("the list is signed by somebody else", "", "list-forged"),
        ("a list is demanded, and there is one", "strict", "list-none"),
        ("a list is demanded, and there is none", "strict", ""),
        ("a list is demanded where the certificate names one", "ifuri", ""),
        ("it names a list, which is not demanded", "uri", ""),
        ("it names a list, one is demanded then", "uri ifuri", ""),
        ("it names a list, one is demanded then, and there is one", "uri ifuri", "list-none"),
    ):
        own, _, word = said.rpartition(" ")
        own, word = ("uri", "") if word == "uri" else (own, word)
        change = rig(f"remote {{ revocation = {word} }}") if word else ""
        files = (("x509crl/ca.crl", listed),) if listed else ()
        yield Case(f"certificate: {name}", kind, CERT, change, "",
                   certified("peer", "", ("ca",), *files),
                   certified("cmd", f"cmd-{own}" if own else ""))  # fmt: skip


def _methods() -> Iterator[Case]:
    kind = "authentication method"
    psk = rig("local { auth = psk }\nremote { auth = psk }") + secrets(
        f"ike-rig {{\nsecret = {RIGHT}\n}}"
    )
    yield Case("method: pre-shared key on one side", kind, CERT, "", psk)
    yield Case("method: pre-shared key on both sides", kind, CERT, psk, psk)
    free = rig("remote {\ncacerts =\n}")
    yield Case("method: pre-shared key on both, no authority demanded", kind, CERT,
               psk + free, psk + free)  # fmt: skip
    yield Case("method: RSA named as such", kind, CERT, "", rig("remote { auth = rsa }"))
    yield Case("method: auth set to nothing", kind, CERT, "", rig("remote { auth = }"))
    stated = _whole("auth = pubkey", "auth = pubkey")
    for name, cmd in (
        ("stated", stated),
        ("left to the default here", _whole("", "auth = pubkey")),
        ("left to the default there", _whole("auth = pubkey", "")),
        ("left to the default", _whole("", "")),
    ):
        yield Case(f"method: pubkey {name}", kind, "", stated, cmd,
                   certified("peer"), certified("cmd"))  # fmt: skip
    yield Case(
        "method: certificates on one side",
        kind,
        DES3,
        "",
        rig("local {\nauth = pubkey\n}\nremote {\nauth = pubkey\n}"),
        cmd_certificates=certified("cmd"),
    )


def _whole(local: str, remote: str) -> str:
    """A configuration with certificates, and these authentication methods."""
    return f"""connections {{ rig {{
  version = 1
  local_addrs = $LOCAL_IP
  remote_addrs = $REMOTE_IP
  proposals = 3des-sha1-modp1024
  local {{
    {local}
    certs = $SIDE.crt
    id = $LOCAL_ID
  }}
  remote {{
    {remote}
    id = $REMOTE_ID
  }}
  children {{ net {{
    local_ts = $LOCAL_NET
    remote_ts = $REMOTE_NET
    esp_proposals = 3des-sha1
  }} }}
}} }}"""


def _two_faults() -> Iterator[Case]:
    kind = "two changes"
    other = rig("local { id = other.rig.test }")
    wrong = secrets("ike-rig { secret = another }")
    psk = rig("local { auth = psk }\nremote { auth = psk\ncacerts =\n}")
    yield Case("two: method and identity", kind, CERT,
               "", psk + rig("local { id = other.rig.test }\nremote { id = more.rig.test }")
               + secrets(f"ike-rig {{\nsecret = {RIGHT}\n}}"))  # fmt: skip
    yield Case("two: exchange and identity", kind, CERT, "",
               rig("aggressive = yes") + rig("remote { id = more.rig.test }"))  # fmt: skip
    yield Case("two: exchange and method", kind, CERT, "", rig("aggressive = yes") + psk
               + secrets(f"ike-rig {{\nsecret = {RIGHT}\n}}"))  # fmt: skip
    yield Case("two: secret and identity", kind, AES, "", wrong + other)
    yield Case("two: IKE proposal and secret", kind, AES, "",
               rig("proposals = aes256-sha256-modp2048") + wrong)  # fmt: skip
    yield Case("two: certificate and expected identity", kind, CERT,
               rig("remote { id = more.rig.test }"), "",
               cmd_certificates=certified("cmd", "cmd-other"))  # fmt: skip
    yield Case("two: both certificates", kind, CERT,
               peer_certificates=certified("peer", "peer-other"),
               cmd_certificates=certified("cmd", "cmd-other"))  # fmt: skip
