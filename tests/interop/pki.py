"""Certificates for the cases: made anew each time, so that no key is kept and none expires."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
import ipaddress
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_AUTHORITIES = ("ca", "other-ca", "intermediate", "mute-ca", "small-ca")
#: of certificates by their variant; the rest is issued by `ca`
_ISSUERS = {
    "other": "other-ca",
    "inter": "intermediate",
    "mute": "mute-ca",
    "smallca": "small-ca",
    "leaf": "peer",
}
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
_DAY = datetime.timedelta(days=1)
_PRINTABLE, _UTF8, _IA5STRING = (
    _ASN1Type.PrintableString, _ASN1Type.UTF8String, _ASN1Type.IA5String,
)  # fmt: skip
_ADDRESS = {"peer": "192.0.2.1", "cmd": "192.0.2.2"}


class PKI:
    """Certificates and keys by name, made when they are asked for.

    ca, other-ca             two roots               intermediate       issued by ca
    peer, cmd                by ca; alternative names PEER.rig.test and the address
    peer-other               by other-ca             peer-inter         by intermediate
    peer-expired, peer-future, peer-plain (no alternative names), peer-self (signed by itself)
    peer-small (1024 bits), peer-sha1 and peer-md5 (what it is signed with), peer-wrap (keyUsage without a signature),
    peer-code (not for IPsec), peer-critical (an extension that nobody knows), peer-mute (by mute-ca, which
    may not sign certificates), peer-smallca (by small-ca, of 1024 bits), peer-leaf (by `peer`, which is no
    authority), peer-mail (an e-mail address as its only alternative name), peer-star (*.rig.test), peer-uri (says where a revocation list is: nowhere),
    peer-ski (01020304 as its subjectKeyIdentifier), and the same for cmd
    cmd-dn:TEXT              with this subject: "KEYWORD=value, ...", `+` between parts of one RDN

    Other files: `key-of-NAME` is its private key, `public-of-NAME` its public key, `text:TEXT` that text, and
    `FORM-of-NAME` the certificate as one of `FORMS`.
    """

    def __init__(self, today: datetime.date) -> None:
        self._today = datetime.datetime.combine(today, datetime.time(), datetime.UTC)

    def certificate(self, name: str) -> bytes:
        """The certificate as PEM; or a list of revoked ones, by `ca` or by nobody else: `list-of-NAME`, and
        `list-old` and `list-none`, which name none; `list-past-of-NAME` is out of date, `list-forged`
        signed by another key."""
        kind, _, other = name.partition("-of-")
        if kind in FORMS:
            return FORMS[kind](self._made(other)[0])
        if kind == "key":
            return self.key(other)
        if kind == "public":
            spki = serialization.PublicFormat.SubjectPublicKeyInfo
            return self._made(other)[1].public_key().public_bytes(serialization.Encoding.PEM, spki)
        if name.startswith("text:"):
            return name.removeprefix("text:").encode()
        if name.startswith("list-"):
            return self._list(name.removeprefix("list-"))
        return self._made(name)[0].public_bytes(serialization.Encoding.PEM)

    def hash(self, what: str, name: str) -> str:
        """SHA-1 in hexadecimal of a certificate (WHOLE), its SubjectPublicKeyInfo (INFO), or key alone (BITS)."""
        made = self._made(name)[0]
        der, key = serialization.Encoding.DER, made.public_key()
        octets = {
            "WHOLE": made.public_bytes(der),
            "INFO": key.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo),
            "BITS": key.public_bytes(der, serialization.PublicFormat.PKCS1),
        }[what]
        return hashlib.sha1(octets, usedforsecurity=False).hexdigest()

    def key(self, name: str) -> bytes:
        """Its private key as PEM."""
        form, _, other = name.partition("-of-")
        name = other if form in FORMS else name
        return self._made(name)[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def _list(self, name: str) -> bytes:
        certificate, signer = self._made("ca")
        first, last = (-20, -10) if name.startswith(("old", "past-")) else (-1, 30)
        made = x509.CertificateRevocationListBuilder(
            certificate.subject, self._today + first * _DAY, self._today + last * _DAY
        )
        if name == "forged":
            signer = self._made("other-ca")[1]
        elif name not in ("old", "none"):
            number = self._made(name.partition("of-")[2])[0].serial_number
            revoked = x509.RevokedCertificateBuilder(number, self._today - 25 * _DAY)
            made = made.add_revoked_certificate(revoked.build())
        made = made.add_extension(_identified(signer), False)
        signed = made.add_extension(x509.CRLNumber(1), False).sign(signer, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    @functools.cache  # noqa: B019  (lives as long as the tests)
    def _made(self, name: str) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
        key = rsa.generate_private_key(65537, 1024 if "small" in name.split("-") else 2048)
        who, _, variant = name.partition("-")
        if variant.startswith("dn:"):
            return self._sign(key, variant.removeprefix("dn:"), "ca", who, None), key
        if name in _AUTHORITIES:
            issuer = "ca" if name == "intermediate" else name
            return self._sign(key, f"rig {name}", issuer, name, None), key
        issuer = _ISSUERS.get(variant, name if variant == "self" else "ca")
        names = None if variant == "plain" else [f"{who}.rig.test", _ADDRESS[who]]
        if variant == "star":
            names = ["*.rig.test", _ADDRESS[who]]
        return self._sign(key, f"{who}.rig.test", issuer, name, names), key

    def _sign(
        self, key: rsa.RSAPrivateKey, common: str, issuer: str, name: str, names: list[str] | None
    ) -> x509.Certificate:
        subject = _subject(common) if "=" in common else _name(common)
        authority = name in _AUTHORITIES
        if issuer == name:
            by, signer = subject, key
        else:
            certificate, signer = self._made(issuer)
            by = certificate.subject
        first, last = -30, 30
        if name.endswith("-expired"):
            first, last = -30, -2
        elif name.endswith("-future"):
            first, last = 2, 30
        made = (
            x509.CertificateBuilder(by, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(self._today + first * _DAY)
            .not_valid_after(self._today + last * _DAY)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        # Without key identifiers strongSwan finds no revocation list.
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        if name.endswith("-ski"):
            identifier = x509.SubjectKeyIdentifier(bytes((1, 2, 3, 4)))
        made = made.add_extension(identifier, False)
        made = made.add_extension(_identified(signer), False)
        if names:
            dns, address = names
            alternatives: list[x509.GeneralName] = [x509.DNSName(dns)]
            alternatives.append(x509.IPAddress(ipaddress.ip_address(address)))
            if name.endswith("-mail"):
                alternatives = [x509.RFC822Name(f"{dns.partition('.')[0]}@rig.test")]
            made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        if not authority:
            usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            if name.endswith("-code"):
                usage = [ExtendedKeyUsageOID.CODE_SIGNING]
            made = made.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        if name.endswith("-wrap") or name == "mute-ca":
            what = ["key_encipherment"] if name.endswith("-wrap") else ["crl_sign"]
            made = made.add_extension(
                x509.KeyUsage(**{u: u in what for u in _USAGES}), critical=True
            )
        if name.endswith("-uri"):
            where = [x509.UniformResourceIdentifier("http://192.0.2.77/none.crl")]
            points = [x509.DistributionPoint(where, None, None, None)]
            made = made.add_extension(x509.CRLDistributionPoints(points), critical=False)
        if name.endswith("-critical"):
            unknown = x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\0"
            )
            made = made.add_extension(unknown, critical=True)
        signed = made.sign(signer, hashes.SHA256())
        if name.endswith("-sha1"):
            return _resigned(signed, signer, hashes.SHA1(), "05")
        return _resigned(signed, signer, hashes.MD5(), "04") if name.endswith("-md5") else signed


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def _der(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.DER)


def _rows(made: x509.Certificate, width: int) -> bytes:
    """Base64 in rows of so many letters."""
    whole = base64.b64encode(_der(made))
    return b"".join(whole[n : n + width] + b"\n" for n in range(0, len(whole), width))


#: how a certificate can be written into a file
FORMS: dict[str, Callable[[x509.Certificate], bytes]] = {
    "der": _der,
    "crlf": lambda made: _pem(made).replace(b"\n", b"\r\n"),
    "noted": lambda made: b"subject=one\nissuer=another\n" + _pem(made),
    "renamed": lambda made: _pem(made).replace(b" CERTIFICATE", b" X509 CERTIFICATE"),
    "trusted": lambda made: _pem(made).replace(b" CERTIFICATE", b" TRUSTED CERTIFICATE"),
    "spaced": lambda made: _pem(made).replace(b"\n", b" \n"),
    "indented": lambda made: b"  " + _pem(made).replace(b"\n", b"\n  "),
    "bare": lambda made: base64.b64encode(_der(made)),
    "line": lambda made: _pem(made).replace(b"\n", b""),
    "cut": lambda made: _pem(made)[: len(_pem(made)) // 2],
    "broken": lambda made: _pem(made).replace(b"M", b"?", 1),
    "endless": lambda made: _pem(made).partition(b"-----END")[0],
    "der-cut": lambda made: _der(made)[:-40],
    "der-more": lambda made: _der(made) + b"more",
    "odd": lambda made: (
        b"-----BEGIN CERTIFICATE-----\n" + _rows(made, 63) + b"-----END CERTIFICATE-----\n"
    ),
    "wide": lambda made: (
        b"-----BEGIN CERTIFICATE-----\n" + _rows(made, 7600) + b"-----END CERTIFICATE-----\n"
    ),
    "parted": lambda made: _pem(made).replace(b"\n", b"\n\n"),
    "headed": lambda made: _pem(made).replace(b"\n", b"\nName: value\n\n", 1),
    "der-line": lambda made: _der(made) + b"\n",
    "twice": lambda made: _pem(made) * 2,
    "marked": lambda made: b"\xef\xbb\xbf" + _pem(made),
    "wrong": lambda made: _pem(made).replace(b" CERTIFICATE", b" PUBLIC KEY"),
}


def _identified(signer: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())


def _resigned(
    made: x509.Certificate, signer: rsa.RSAPrivateKey, hash_: hashes.MD5 | hashes.SHA1, last: str
) -> x509.Certificate:
    """The same, signed with a hash that the library signs with no more: the ways of signing have names
    that differ in the last octet (SHA-256: 0b), and signatures of the same length."""
    name, other = (bytes.fromhex(f"06092a864886f70d0101{octet}") for octet in ("0b", last))
    body = made.tbs_certificate_bytes.replace(name, other, 1)
    signature = signer.sign(body, padding.PKCS1v15(), hash_)
    whole = made.public_bytes(serialization.Encoding.DER)
    start = whole.index(made.tbs_certificate_bytes)
    rest = whole[start + len(body) : -len(signature)].replace(name, other, 1)
    return x509.load_der_x509_certificate(whole[:start] + body + rest + signature)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "rig"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


#: keywords of distinguished names as strongSwan 5.9.8 knows them, and their object identifiers
KEYWORDS = {
    "ND": "0.2.262.1.10.7.20", "UID": "0.9.2342.19200300.100.1.1", "DC": "0.9.2342.19200300.100.1.25",
    "CN": "2.5.4.3", "SN": "2.5.4.4", "serialNumber": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7",
    "ST": "2.5.4.8", "street": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11", "T": "2.5.4.12",
    "D": "2.5.4.13", "postalAddress": "2.5.4.16", "postalCode": "2.5.4.17", "N": "2.5.4.41",
    "G": "2.5.4.42", "I": "2.5.4.43", "ID": "2.5.4.45", "dnQualifier": "2.5.4.46",
    "pseudonym": "2.5.4.65", "employeeNumber": "2.16.840.1.113730.3.1.3",
    "E": "1.2.840.113549.1.9.1", "unstructuredName": "1.2.840.113549.1.9.2",
    "unstructuredAddress": "1.2.840.113549.1.9.8", "TCGID": "1.3.6.1.4.1.3735.1.4",
}  # fmt: skip
_ALIASES = {
    "EN": "employeeNumber", "Email": "E", "emailAddress": "E", "UN": "unstructuredName",
    "UA": "unstructuredAddress", "STREET": "street",
}  # fmt: skip
#: what strongSwan makes of a text, so that the encodings are the same
_IA5 = ("E", "unstructuredName", "DC")


def _subject(text: str) -> x509.Name:
    rdns = []
    for part in text.split(", "):
        pairs = []
        for one in part.split("+"):
            keyword, _, value = one.partition("=")
            keyword = _ALIASES.get(keyword, keyword)
            plain = _PRINTABLE if value.isascii() else _UTF8
            kind = _IA5STRING if keyword in _IA5 else plain
            oid = x509.ObjectIdentifier(KEYWORDS[keyword])
            pairs.append(x509.NameAttribute(oid, value, kind))
        rdns.append(x509.RelativeDistinguishedName(pairs))
    return x509.Name(rdns)
