"""RSA signatures of IKE, held against those that others made (RFC 2409 section 5.1; R3, R5)."""

from __future__ import annotations

import datetime
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from impl.auth.certificate import CertificateSettings, Certified
from impl.auth.interface import Dropped, Refused, Transcript
from impl.auth.keys import SigningKey, certificates_of, lists_of
from impl.auth.paths import Rules, Trust
from impl.capture.signers import Signers
from impl.crypto import rsa as raw
from impl.crypto import schedule
from impl.crypto.ciphers import cipher_of
from impl.crypto.hashes import HASHES
from impl.crypto.schedule import Cookies, Keys
from impl.ike.sealing import Sealing
from impl.wire.message import decode_header, decode_message
from impl.wire.numbers import CertEncoding, Encryption, Hash, IdType, Method
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    Identification,
    KeyExchange,
    Nonce,
    Signature,
)
from impl.wire.proposals import SecurityAssociation
from model.vocabulary.policy import CertificateFile
from model.vocabulary.secrets import Secret
from tests.impl.auth.authorities import (
    NOW,
    Holder,
    authority,
    credentials,
    key,
    make,
    revocations,
    trust,
)
from tests.impl.auth.steps import completed

Read = Callable[[str], Any]
RECORDED = Path(__file__).resolve().parents[2] / "data" / "strongswan" / "cert-rsa.json"

_des3 = cipher_of(Encryption.TRIPLE_DES_CBC)
assert _des3 is not None
TRIPLE_DES = _des3
#: the recorded run has keys of 1024 bits
SMALL = Rules(least_bits=1024)


def test_r5_signatures_of_openswan_with_raw_keys(vectors: Read) -> None:
    case = vectors("handshake_main_rsasig_openswan.json")
    facts = case["facts"]
    for end, who in (("i", "@alice"), ("r", "@sun")):
        known = case["rsa_public_keys"][who]
        numbers = rsa.RSAPublicNumbers(int(known["e"]), int(known["n"], 16))
        signature, hash_ = (bytes.fromhex(facts[f"{what}_{end}"]) for what in ("sig", "hash"))
        public = numbers.public_key()
        assert raw.verifies(public, signature, hash_)
        # padding and the bare hash, and nothing between them
        assert (
            facts[f"em_{end}"] == f"0001{'ff' * (len(signature) - 3 - len(hash_))}00{hash_.hex()}"
        )
        assert not raw.verifies(public, signature, bytes(len(hash_)))
        assert not raw.verifies(public, bytes((signature[0] ^ 1,)) + signature[1:], hash_)


def test_r5_a_signature_has_no_digest_info() -> None:
    private = key("anybody")
    hash_ = bytes(range(20))
    signature = raw.signed(private, hash_)
    public = private.public_key().public_numbers()
    encoded = pow(int.from_bytes(signature, "big"), public.e, public.n).to_bytes(256, "big")
    assert encoded == b"\0\1" + b"\xff" * (256 - 23) + b"\0" + hash_


class Recorded:
    """The run of two strongSwans: what each end saw, up to message 6."""

    def __init__(self) -> None:
        case = json.loads(RECORDED.read_text())
        datagrams = [
            bytes.fromhex(item["udp"].removeprefix("00000000")) for item in case["datagrams"]
        ]
        values = {
            item["label"]: bytes.fromhex(item["hex"]) for item in case["values_initiator"][:20]
        }
        first, _, third, fourth = [decode_message(item) for item in datagrams[:4]]

        def of(message: Any, kind: type) -> Any:
            (found,) = [item for item in message.payloads if isinstance(item, kind)]
            return found

        header = decode_header(datagrams[4])
        cookies = Cookies(header.initiator_cookie, header.responder_cookie)
        publics = (of(third, KeyExchange).data, of(fourth, KeyExchange).data)
        nonces = (of(third, Nonce).data, of(fourth, Nonce).data)
        hash_, cipher = HASHES[Hash.SHA1], cipher_of(Encryption.TRIPLE_DES_CBC)
        assert cipher is not None
        gxy = values["shared Diffie Hellman secret"]
        skeyid = schedule.skeyid_of_signatures(hash_, *nonces, gxy)
        assert skeyid == values["SKEYID"]
        keys = schedule.derive(hash_, cipher, skeyid, gxy, cookies, publics)
        self.transcript = Transcript(keys, publics, cookies, of(first, SecurityAssociation).body)
        self.sealing = Sealing(keys)
        self.proofs = [self._opened(item) for item in datagrams[4:6]]
        pem = {name: text.encode() for name, text in case["pki"].items()}
        self.pki = {name: x509.load_pem_x509_certificate(text) for name, text in pem.items()}
        self.now = self.pki["cmd.crt"].not_valid_before_utc + datetime.timedelta(days=1)

    def _opened(self, datagram: bytes) -> tuple[AnyPayload, ...]:
        opened = self.sealing.open(decode_header(datagram), datagram)
        self.sealing.accept(0, opened)
        return opened.payloads

    def check(
        self,
        number: int,
        trusted: Trust | None = None,
        payloads: tuple[AnyPayload, ...] | None = None,
        shown: Identification | None = None,
        now: datetime.datetime | None = None,
    ) -> str:
        """Take message 5 or 6 as its receiver would; who it proves."""
        believed = trusted or Trust((self.pki["ca.crt"],), rules=SMALL)
        settings = credentials(make("receiver"), believed)
        end = Certified(settings, lambda: now or self.now, initiator=number == 6)
        said = payloads or self.proofs[number - 5]
        (sent,) = [item for item in self.proofs[number - 5] if isinstance(item, Identification)]
        completed(end.verify(self.transcript, shown or sent, said))
        assert not end.awaits
        return end.name


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return Recorded()


@pytest.mark.parametrize(("number", "who"), [(5, "cmd"), (6, "peer")])
def test_r5_what_strongswan_signs_is_believed(recorded: Recorded, number: int, who: str) -> None:
    assert recorded.check(number) == f"O=rig, CN={who}.rig.test"


@pytest.mark.parametrize("number", [5, 6])
def test_r5_what_strongswan_signs_counts_for_nothing_else(recorded: Recorded, number: int) -> None:
    other = recorded.proofs[6 - number]
    with pytest.raises(Dropped, match="the signature was not made with the key"):
        recorded.check(number, payloads=other)
    with pytest.raises(Dropped, match="the signature was not made with the key"):
        (shown,) = [item for item in other if isinstance(item, Identification)]
        recorded.check(number, shown=shown)
    with pytest.raises(Refused, match="no trust anchor vouches for O=rig"):
        recorded.check(number, trust(authority(), least_bits=1024))
    with pytest.raises(Refused, match="has a key of 1024 bits, and 2048 are required"):
        recorded.check(number, Trust((recorded.pki["ca.crt"],)))
    with pytest.raises(Refused, match="has expired"):
        recorded.check(number, now=recorded.now + datetime.timedelta(days=30))


@pytest.mark.parametrize("octet", [0, 64, 127])
def test_r5_an_altered_signature_is_dropped(recorded: Recorded, octet: int) -> None:
    def altered(item: AnyPayload) -> AnyPayload:
        if not isinstance(item, Signature):
            return item
        data = bytearray(item.data)
        data[octet] ^= 0x10
        return Signature(bytes(data))

    with pytest.raises(Dropped) as caught:
        recorded.check(5, payloads=tuple(map(altered, recorded.proofs[0])))
    assert caught.value.reason == "certificate"
    assert "altered on the way" in caught.value.why


def test_r5_without_a_certificate_only_known_ones_help(recorded: Recorded) -> None:
    bare = tuple(item for item in recorded.proofs[0] if not isinstance(item, Certificate))
    with pytest.raises(Dropped, match="sent no certificate, and none is known for FQDN cmd"):
        recorded.check(5, payloads=bare)
    anchors, known = (recorded.pki["ca.crt"],), (recorded.pki["peer.crt"], recorded.pki["cmd.crt"])
    assert (
        recorded.check(5, Trust(anchors, known, rules=SMALL), payloads=bare)
        == "O=rig, CN=cmd.rig.test"
    )


def test_r5_certificates_come_as_pkcs7_too_and_rubbish_is_passed_over(recorded: Recorded) -> None:
    from cryptography.hazmat.primitives.serialization import pkcs7

    own = recorded.pki["cmd.crt"]
    bundle = pkcs7.serialize_certificates([own], serialization.Encoding.DER)
    bare = [item for item in recorded.proofs[0] if not isinstance(item, Certificate)]
    rubbish = [Certificate(encoding, b"\x30\x03abc") for encoding in (0, 1, 4, 7, 200)]
    said = (*rubbish, Certificate(CertEncoding.PKCS7, bundle), *bare)
    assert recorded.check(5, payloads=said) == "O=rig, CN=cmd.rig.test"


def claim(holder: Holder, shown: Identification, objection: Refused | None = None) -> str:
    """Somebody signs for an identity; who that proves to a receiver that believes the holder's root."""
    sha1 = HASHES[Hash.SHA1]
    keys = Keys(sha1, TRIPLE_DES, b"skeyid", b"", b"", b"", b"", b"", sha1.keyed(b"skeyid"))
    transcript = Transcript(keys, (b"gxi", b"gxr"), Cookies(b"i" * 8, b"r" * 8), b"sa")
    made = raw.signed(holder.key, transcript.proof(shown.body, initiators=True))
    der = holder.certificate.public_bytes(serialization.Encoding.DER)
    payloads = (Certificate(CertEncoding.X509_SIGNATURE, der), Signature(made))
    root = authority("claims")
    end = Certified(credentials(make("receiver"), trust(root)), lambda: NOW, initiator=False)
    completed(end.verify(transcript, shown, payloads, objection))
    return end.name


def test_r5_who_signs_for_another_identity_than_its_certificate_confirms_is_refused() -> None:
    holder = make("a.example", authority("claims"), names=["a.example"])
    own, other = (Identification(IdType.FQDN, 0, 0, n) for n in (b"a.example", b"c.example"))
    assert claim(holder, own) == "O=Example, CN=a.example"
    with pytest.raises(Refused) as caught:
        claim(holder, other)
    assert caught.value.reason == "certificate"
    assert caught.value.why == (
        "the certificate of O=Example, CN=a.example does not confirm FQDN c.example"
    )


def test_r5_what_the_policy_has_against_an_identity_counts_once_it_has_been_shown() -> None:
    holder = make("a.example", authority("claims"), names=["a.example"], days=(-9, -2))
    own = Identification(IdType.FQDN, 0, 0, b"a.example")
    with pytest.raises(Refused, match="has expired"):
        claim(holder, own)
    with pytest.raises(Refused, match="not expected"):
        claim(holder, own, Refused("identity", "not expected"))
    thief = Holder(holder.certificate, key("thief"))
    with pytest.raises(Dropped, match="the signature was not made with the key"):
        claim(thief, own, Refused("identity", "not expected"))


# ---- keys and files
def test_r5_private_keys_are_never_shown_nor_pickled() -> None:
    own = make("own", authority())
    settings = credentials(own, trust(authority()))
    secret = own.key.private_numbers()
    assert "SigningKey('file:own.key')" in repr(settings)
    for number in (secret.d, secret.p, secret.q):
        assert str(number) not in repr(settings) and f"{number:x}" not in repr(settings)
    with pytest.raises(TypeError):
        pickle.dumps(settings.key)


def pem_secret(octets: bytes | None, label: str = "file:own.key") -> Secret:
    return Secret(label, None, octets, None if octets is not None else "no such file")


def test_r5_private_keys_are_read_in_every_usual_form() -> None:
    own = make("own", authority())
    forms = serialization.PrivateFormat
    for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
        for form in (forms.PKCS8, forms.TraditionalOpenSSL):
            octets = own.key.private_bytes(encoding, form, serialization.NoEncryption())
            assert SigningKey.of(pem_secret(octets)).belongs_to(own.certificate)
    word = serialization.BestAvailableEncryption(b"a word")
    octets = own.key.private_bytes(serialization.Encoding.PEM, forms.PKCS8, word)
    assert SigningKey.of(pem_secret(octets), pem_secret(b"a word")).belongs_to(own.certificate)
    for wrong in (None, pem_secret(b"another word"), pem_secret(None)):
        with pytest.raises(
            ValueError, match=r"file:own\.key: no private key can be read from it"
        ) as e:
            SigningKey.of(pem_secret(octets), wrong)
        assert e.value.__context__ is None and e.value.__cause__ is None


def test_r5_what_is_wrong_with_files_is_said() -> None:
    own, other = make("own", authority()), make("other", authority())
    with pytest.raises(
        ValueError, match=r"file:own\.key: the private key is not known: no such file"
    ):
        SigningKey.of(pem_secret(None))
    with pytest.raises(ValueError, match="no private key can be read"):
        SigningKey.of(pem_secret(b"-----BEGIN nonsense"))
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="not an RSA key"):
        SigningKey.of(pem_secret(curve))
    with pytest.raises(
        ValueError, match=r"own\.key is not the private key of .* O=Example, CN=other"
    ):
        CertificateSettings(
            (other.certificate,), SigningKey("own.key", own.key), trust(authority())
        )
    with pytest.raises(ValueError, match="there is no local certificate"):
        CertificateSettings((), SigningKey("own.key", own.key), trust(authority()))
    der = own.certificate.public_bytes(serialization.Encoding.DER)
    assert certificates_of([CertificateFile("own.crt", None, der)]) == (own.certificate,)
    with pytest.raises(ValueError, match=r"ca\.crt: there is no certificate in it"):
        certificates_of([CertificateFile("ca.crt", None, b"rubbish")])
    with pytest.raises(ValueError, match=r"ca\.crt: No such file"):
        certificates_of([CertificateFile("ca.crt", None, None, "No such file")])
    lists = revocations(authority()).public_bytes(serialization.Encoding.DER)
    assert len(lists_of([CertificateFile("ca.crl", None, lists)])) == 1
    with pytest.raises(ValueError, match=r"ca\.crl: there is no revocation list in it"):
        lists_of([CertificateFile("ca.crl", None, der)])


def test_r5_a_time_that_no_calendar_has_is_no_error_in_a_capture() -> None:
    holder = make("a.example", authority(), names=["a.example"])
    expected = bytes(20)
    sent = Certificate(
        CertEncoding.X509_SIGNATURE, holder.certificate.public_bytes(serialization.Encoding.DER)
    )
    signers = Signers(believed=(authority().certificate,), time_ns=10**30)
    right, why = signers.judge(
        Method.RSA_SIGNATURES, None, (sent,), raw.signed(holder.key, expected), expected
    )
    assert right and "the time of the frame is out of range" in why
