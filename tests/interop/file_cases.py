"""Cases about certificates in files: how they are named, what the files hold, whom they speak for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.interop.cases import Case
from tests.interop.pki import FORMS
from tests.interop.sites import Secret, Site, text

_CA = ("x509ca/ca.crt", "ca")
_PEER, _CMD = ("x509/peer.crt", "peer"), ("x509/cmd.crt", "cmd")
_ANSWERS = Site(auth="pubkey", id="$LOCAL_ID", peer_id="$REMOTE_ID", own="certs = cmd.crt")
_NAMED = replace(_ANSWERS, own="certs = peer.crt")
_GARBAGE = (("other/garbage.crt", "text:hello"), ("other/empty.crt", "text:"))


def file_cases() -> Iterator[Case]:
    """All of them: the first end is changed, the other has a certificate by the same authority."""
    yield from _sections()
    yield from _lists()
    yield from _forms()
    yield from _public_keys()
    yield from _key_ids()
    yield from _bare_keys()
    yield from _authorities()
    yield from _harmless()
    yield from _own_identities()
    yield from _own_certificates()
    yield from _pinned()


@dataclass(frozen=True)
class _Made:
    """Makes cases of one kind."""

    kind: str

    def __call__(
        self,
        name: str,
        peer: Site = _NAMED,
        cmd: Site = _ANSWERS,
        files: tuple[tuple[str, str], ...] = (),
        more: str = "",
        own: tuple[tuple[str, str], ...] = (_PEER, _CA, _CMD),
    ) -> Case:
        """files, own   what the first end has besides, and by itself     more   the rest of its text"""
        return Case(
            f"{self.kind}: {name}",
            self.kind,
            "",
            text([peer], (Secret("correct horse"),), more),
            text([cmd]),
            peer_certificates=(*own, *files),
            cmd_certificates=(_CMD, _CA),
        )


def _sections() -> Iterator[Case]:
    made, path = _Made("sections of certificates"), "$FOLDER/x509/peer.crt"
    for name in ("cert", "cert1", "cert-x", "certs", "CERT"):
        for file in ("peer.crt", path):
            yield made(
                f"{name}, file = {file}", replace(_ANSWERS, own=f"{name} {{\nfile = {file}\n}}")
            )
    for lines in (
        "", "file =", "file = $FOLDER/x509/none.crt", "file = $FOLDER/other/garbage.crt",
        "file = $FOLDER/other/empty.crt", "file = $FOLDER/x509/", f'file = "{path}"', "handle = 01",
        "handle = xyz", f"handle = 01\nfile = {path}", f"handle =\nfile = {path}", "slot = 1",
        f"slot = 1\nfile = {path}", f"slot = x\nfile = {path}", f"module = m\nfile = {path}", "module = m",
        f"foo = 1\nfile = {path}", f"foo =\nfile = {path}", f"FILE = {path}",
        f"sub {{\n}}\nfile = {path}", f"file = {path}, $FOLDER/x509/cmd.crt",
    ):  # fmt: skip
        own = replace(_ANSWERS, own=f"cert {{\n{lines}\n}}")
        yield made(f"cert, {'; '.join(lines.split(chr(10))) or 'empty'}", own, files=_GARBAGE)
    for lines in (
        "cert {\nfile = $FOLDER/x509/cmd.crt\n}", "cert {\nfile = cmd.crt\n}", f"cert {{\nfile = {path}\n}}",
        "cacert {\nfile = $FOLDER/x509ca/ca.crt\n}", "cacert {\nfile = ca.crt\n}", "cacert {\n}",
        f"CAcert-x {{\nfile = {path}\n}}", "pubkey {\nfile = $FOLDER/x509/cmd.crt\n}",
    ):  # fmt: skip
        yield made(f"remote, {lines.replace(chr(10), ' ')}", replace(_NAMED, other=lines))
    psk = replace(_ANSWERS, auth="psk", own="")
    wrong = replace(psk, other="cert {\nfile = cmd.crt\n}")
    yield made("remote, with a pre-shared key", wrong, psk)


def _lists() -> Iterator[Case]:
    made = _Made("lists of certificates")
    for value in (
        "none.crt", "../other/garbage.crt", "../other/empty.crt", ".", "$FOLDER/x509/peer.crt",
        "peer.crt, none.crt", "peer.crt, ../other/garbage.crt", "peer.crt cmd.crt", "peer.crt;cmd.crt",
        "peer.crt,", "peer.crt, peer.crt", "../x509/peer.crt", '"peer.crt , cmd.crt"', "../private/peer.key",
        "../x509crl/ca.crl",
    ):  # fmt: skip
        files = (*_GARBAGE, ("x509crl/ca.crl", "list-none"))
        yield made(f"certs = {value}", replace(_ANSWERS, own=f"certs = {value}"), files=files)
    for value in (
        "none.crt",
        "../other/garbage.crt",
        "ca.crt, ../other/garbage.crt",
        "../x509/peer.crt",
    ):
        changed = replace(_NAMED, other=f"cacerts = {value}")
        yield made(f"remote cacerts = {value}", changed, files=_GARBAGE)
    for value in ("none.crt", "../other/garbage.crt"):
        changed = replace(_NAMED, own=f"certs = peer.crt\ncacerts = {value}")
        yield made(f"local cacerts = {value}", changed, files=_GARBAGE)
        psk = replace(_ANSWERS, auth="psk", own="")
        changed = replace(psk, own=f"certs = {value}")
        yield made(f"certs = {value} with a pre-shared key", changed, psk, _GARBAGE)


def _forms() -> Iterator[Case]:
    made = _Made("forms of certificates")
    for form in FORMS:
        files = (("other/p.crt", f"{form}-of-peer"),)
        yield made(f"{form}, certs", replace(_ANSWERS, own="certs = ../other/p.crt"), files=files)
        ca = (("other/p.crt", f"{form}-of-ca"),)
        stated = "authorities {\n a {\n cacert = ../other/p.crt\n }\n}"
        yield made(f"{form}, an authority", files=ca, more=stated)
        own = (_PEER, ("x509ca/ca.crt", f"{form}-of-ca"))
        yield made(f"{form}, in x509ca", own=own)


def _public_keys() -> Iterator[Case]:
    made = _Made("raw public keys")
    keys = (("pubkey/p.pub", "public-of-peer"), ("pubkey/c.pub", "public-of-cmd"))
    for value in (
        "c.pub",
        "p.pub",
        "p.pub, c.pub",
        "c.pub, none.pub",
        "../x509/cmd.crt",
        "../other/garbage.crt",
    ):
        for expected in ("$REMOTE_ID", "%any", "", "*.rig.test"):
            changed = replace(_NAMED, other=f"pubkeys = {value}", peer_id=expected)
            yield made(f"{value}, {expected or 'no id'}", changed, files=(*keys, *_GARBAGE))
    changed = replace(_NAMED, other="pubkeys = c.pub\ncerts = cmd.crt", peer_id="%any")
    yield made("and certs", changed, files=keys)
    changed = replace(_NAMED, other="pubkeys = c.pub\ncerts = peer.crt", peer_id="%any")
    yield made("and other certs", changed, files=keys)
    changed = replace(_NAMED, other="pubkeys = c.pub")
    yield made("no authority", changed, files=keys, own=(_PEER,))
    for identity in ("", "$LOCAL_ID"):
        changed = replace(_ANSWERS, own="pubkeys = p.pub", id=identity, peer_id="%any")
        answers = replace(_ANSWERS, peer_id="%any")
        yield made(f"of one's own, {identity or 'no id'}", changed, answers, keys)


def _key_ids() -> Iterator[Case]:
    """Identities that are a hash of a key: whose certificate confirms them, and who expects which."""
    made = _Made("key IDs")
    keys = (("pubkey/c.pub", "public-of-cmd"),)
    hashes = {"WHOLE": "certificate", "INFO": "key and algorithm", "BITS": "key"}
    for what, words in hashes.items():
        for whose in ("cmd", "peer"):
            hash_ = f'"keyid:#${what}_OF_{whose}"'
            answers, named = replace(_ANSWERS, id=hash_), f"the hash of {whose}'s {words}"
            yield made(f"{named}, expected", replace(_NAMED, peer_id=hash_), answers)
            yield made(f"{named}, any expected", replace(_NAMED, peer_id="%any"), answers)
            pinned = replace(_NAMED, other="pubkeys = c.pub", peer_id="")
            yield made(f"{named}, the key pinned", pinned, answers, keys)
            expects = replace(_NAMED, peer_id=hash_)
            yield made(f"{named}, expected of a name", expects)
            yield made(
                f"{named}, expected of a name, the key pinned",
                replace(expects, other=pinned.other),
                files=keys,
            )
    for value in ("keyid:other", "keyid:#01", "keyid:", "keyid:#01020304"):
        changed = replace(_ANSWERS, id=f'"{value}"')
        found = made(f"{value}, any expected", replace(_NAMED, peer_id="%any"), changed)
        yield found
        other = (("x509/cmd.crt", "cmd-ski"), _CA)
        yield replace(
            found, name=f"{found.name}, 01020304 as the key's name", cmd_certificates=other
        )


def _bare_keys() -> Iterator[Case]:
    """An end that proves its identity by a raw key, and the other that has or lacks it."""
    made = _Made("raw public keys of one's own")
    mine = (("pubkey/p.pub", "public-of-peer"),)
    for own in ("pubkeys = p.pub", "pubkeys = p.pub\ncerts = peer.crt", "certs = peer.crt"):
        for what in ("", "INFO", "BITS", "WHOLE"):
            id_ = f'"keyid:#${what}_OF_peer"' if what else ""
            peer = replace(_NAMED, own=own, id=id_, peer_id="%any")
            named = f"{' '.join(own.split())}, {what.lower() or 'no'} id"
            any_ = replace(_ANSWERS, peer_id="%any")
            for words, other, more in (
                ("nothing there", any_, ()),
                ("kept there", any_, (_PEER,)),
                ("the key there", replace(any_, other="pubkeys = p.pub"), mine),
                ("the key there, no id", replace(any_, other="pubkeys = p.pub", peer_id=""), mine),
                ("the key kept there", any_, mine),
                (
                    "the hash there",
                    replace(any_, other="pubkeys = p.pub", peer_id=id_ or "%any"),
                    mine,
                ),
                ("the certificate there", replace(any_, other="certs = peer.crt"), (_PEER,)),
            ):
                found = made(f"{named}; {words}", peer, other, mine)
                yield replace(found, cmd_certificates=(*found.cmd_certificates, *more))


def _authorities() -> Iterator[Case]:
    made, path = _Made("authorities"), "$FOLDER/other/ca.crt"
    files = (("other/ca.crt", "ca"), ("x509ca/other.crt", "other-ca"))
    for lines in (
        "cacert = ca.crt", "cacert = ../other/ca.crt", f"cacert = {path}", f"file = {path}",
        "file = ../other/ca.crt", "file = other.crt", "cacert = ../other/ca.crt, other.crt", "handle = 01",
        "handle =", "slot = 1", "slot = x\ncacert = ../other/ca.crt", "module = m\ncacert = ../other/ca.crt",
        "handle = 01\ncacert = ../other/ca.crt", f"handle = 01\nfile = {path}",
        f"file = {path}\ncacert = other.crt", "file = $FOLDER/none.crt\ncacert = ../other/ca.crt", "cacert =",
        "cacert = ../x509/peer.crt", "foo =\ncacert = ../other/ca.crt", "sub {\n}\ncacert = ../other/ca.crt",
        "CACERT = ../other/ca.crt", "crl_uris = x\nocsp_uris = y\ncacert = ../other/ca.crt", "cacert = .",
    ):  # fmt: skip
        stated = f"authorities {{\n a {{\n{lines}\n}}\n}}"
        yield made("; ".join(lines.split("\n")), files=files, more=stated, own=(_PEER, _CMD))
    yield made("a value", more="authorities {\n a = b\n}")
    yield made("none", more="authorities {\n}")


def _harmless() -> Iterator[Case]:
    """Files and secrets that swanctl passes over."""
    made = _Made("passed over")
    for folder in ("x509", "x509ca", "x509crl", "pubkey", "private", "pkcs12"):
        yield made(f"garbage in {folder}", files=((f"{folder}/zz", "text:hello"),))
    for lines in (
        "private {\n}", "private {\nfile = none.key\nsecret = x\n}", "rsa {\nfile = none\nsecret = y\n}",
        "pkcs12 {\nfile = none\nsecret = x\n}", "token {\nhandle = zz\n}", "token {\n}",
        "eap-x {\nsecret = abc\nfoo = 1\n}",
    ):  # fmt: skip
        yield made(lines.replace("\n", " "), more=f"secrets {{\n{lines}\n}}")


_PATTERNS = (
    "*.rig.test", "*", "%any", "peer.rig.*", "*rig.test", "*@rig.test", "192.0.2.0/24",
    "192.0.2.1-192.0.2.9", "192.0.2.1", "192.0.2.7", "192.0.2.1/32", '"O=rig, CN=*"', '"O=*, CN=*"',
    '"O=*, CN=peer.rig.test"', '"CN=*"', '"CN=*, O=*"', '"CN=peer.rig.test, O=rig"',
    '"O=RIG, CN=peer.rig.test"', "PEER.RIG.TEST", "keyid:peer.rig.test", "x.rig.test",
)  # fmt: skip


def _own_identities() -> Iterator[Case]:
    """The private key is found by the own identity: what a pattern finds."""
    made = _Made("own identities and certificates")
    answers = replace(_ANSWERS, peer_id="%any")
    flat = "peer-dn:O=rig, CN=gate+serialNumber=7"
    for who in ("peer", "peer-mail", "peer-star"):
        for identity in (
            *_PATTERNS,
            *(["peer@rig.test", "PEER@rig.test"] if "mail" in who else []),
        ):
            site = replace(_NAMED, id=identity, peer_id="%any")
            yield made(f"{who}, {identity}", site, answers, own=(("x509/peer.crt", who), _CA))
    for identity in (
        '"O=rig, CN=gate, serialNumber=7"', '"O=rig, serialNumber=7, CN=gate"', '"O=rig, CN=*, serialNumber=*"',
        '"O=rig, CN=gate"',
    ):  # fmt: skip
        site = replace(_NAMED, id=identity, peer_id="%any")
        yield made(f"two values, {identity}", site, answers, own=(("x509/peer.crt", flat), _CA))


def _own_certificates() -> Iterator[Case]:
    """Two certificates, with their private keys: which is shown."""
    made = _Made("several own certificates")
    answers = replace(_ANSWERS, peer_id="%any")
    for identity in ("peer.rig.test", "peer@rig.test", '"O=rig, CN=*"', ""):
        for one, other, certs in (
            ("peer", "peer-mail", "peer.crt, b.crt"), ("peer", "peer-mail", "b.crt, peer.crt"),
            ("peer", "peer-mail", "b.crt"), ("peer", "peer-mail", "peer.crt"), ("peer", "peer-mail", ""),
            ("peer-expired", "peer", "peer.crt, b.crt"), ("peer-expired", "peer", "peer.crt"),
            ("peer-other", "peer", "peer.crt"), ("peer", "peer-other", "peer.crt"),
            ("peer-other", "peer", "peer.crt, b.crt"),
        ):  # fmt: skip
            site = replace(_NAMED, id=identity, peer_id="%any", own=f"certs = {certs}")
            files = (("x509/peer.crt", one), ("x509/b.crt", other), _CA)
            name = f"{one} and {other}, certs = {certs or 'none'}, id = {identity or 'none'}"
            yield made(name, site, answers, own=files)


def _pinned() -> Iterator[Case]:
    """What is expected of the other end where its certificate is named."""
    made = _Made("named certificates of the peer")
    others = (("x509/self.crt", "cmd-self"), ("x509/dn.crt", "cmd-dn:O=rig, CN=other"))
    for said in ("", "$LOCAL_ID", "$LOCAL_IP", '"O=rig, CN=cmd.rig.test"'):
        for lines in (
            "certs = cmd.crt", "certs = peer.crt", "certs = dn.crt", "certs = cmd.crt, peer.crt",
            "certs = peer.crt, cmd.crt", "certs = self.crt", "cert {\nfile = $FOLDER/x509/cmd.crt\n}",
            "cert {\nfile = $FOLDER/x509/cmd.crt\n}\ncerts = peer.crt, cmd.crt", "cacerts = ca.crt",
        ):  # fmt: skip
            for expected in ("", "%any"):
                site = replace(_NAMED, other=lines, peer_id=expected)
                name = (
                    f"{lines.replace(chr(10), ' ')}, {expected or 'no id'}; {said or 'no id'} there"
                )
                yield made(name, site, replace(_ANSWERS, id=said), others)
    for lines in (
        "certs = cmd.crt\ncacerts = ../x509/peer.crt", "certs = cmd.crt\ncacerts = ca.crt",
        "pubkeys = c.pub\ncacerts = ca.crt", "pubkeys = c.pub\ncacerts = ../x509/peer.crt",
    ):  # fmt: skip
        site, key = replace(_NAMED, other=lines), (("pubkey/c.pub", "public-of-cmd"),)
        yield made(f"{lines.replace(chr(10), ', ')}", site, files=key)
    for lines in ("", "cacerts = ../x509ca/other.crt", "cacerts = ../other/ca.crt"):
        for name, files in (
            ("no authority", ()), ("another authority", (("x509ca/other.crt", "other-ca"),)),
        ):  # fmt: skip
            for who in ("cmd", "peer-self"):
                site = replace(_NAMED, other=lines)
                own = (_PEER, ("x509/kept.crt", who), ("other/ca.crt", "ca"), *files)
                yield made(f"{who} in x509, {name}, {lines or 'no cacerts'}", site, own=own)
    psk = replace(_ANSWERS, auth="psk", own="", id="", peer_id="")
    yield made("with a pre-shared key", replace(psk, other="certs = cmd.crt"), psk)
