"""Proposals in strongSwan's keywords: `aes256-aes128-sha256-modp2048` (policy-formats 3.1).

Keywords and what a proposal must contain: charon 5.9.8.
"""

from __future__ import annotations

import difflib
import itertools
from dataclasses import replace
from typing import TypeVar

from model.formats.swanctl.defaults import USUAL, VERSIONS
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Phase1Proposal, Phase2Proposal, ProtectionProposal
from model.vocabulary.suites import Cipher, Encryption, Group, Hash, Integrity, Protocol

T = TypeVar("T")
_E = Encryption


def _ciphers() -> dict[str, Cipher]:
    words = {
        "null": Cipher(_E.NULL),
        "des": Cipher(_E.DES),
        "3des": Cipher(_E.TRIPLE_DES),
        "cast128": Cipher(_E.CAST),
        "chacha20poly1305": Cipher(_E.CHACHA20_POLY1305),
        "aes": Cipher(_E.AES_CBC, 128),
        "camellia": Cipher(_E.CAMELLIA_CBC, 128),
        "blowfish": Cipher(_E.BLOWFISH, 128),
        "serpent": Cipher(_E.SERPENT, 128),
        "twofish": Cipher(_E.TWOFISH, 128),
    }
    plain = {"aes": _E.AES_CBC, "camellia": _E.CAMELLIA_CBC, "blowfish": _E.BLOWFISH}
    plain |= {"serpent": _E.SERPENT, "twofish": _E.TWOFISH}
    for (word, cipher), bits in itertools.product(plain.items(), (128, 192, 256)):
        words[f"{word}{bits}"] = Cipher(cipher, bits)
    for bits in (128, 192, 256):
        words[f"aes{bits}ctr"] = Cipher(_E.AES_CTR, bits)
        words[f"camellia{bits}ctr"] = Cipher(_E.CAMELLIA_CTR, bits)
        words[f"aes{bits}gmac"] = Cipher(_E.AES_GMAC, bits)
        tags = ((8, 64, _E.AES_GCM_8), (12, 96, _E.AES_GCM_12), (16, 128, _E.AES_GCM_16))
        for octets, tag, cipher in tags:
            words[f"aes{bits}gcm{octets}"] = words[f"aes{bits}gcm{tag}"] = Cipher(cipher, bits)
        words[f"aes{bits}gcm"] = Cipher(_E.AES_GCM_16, bits)
        tags = ((8, 64, _E.AES_CCM_8), (12, 96, _E.AES_CCM_12), (16, 128, _E.AES_CCM_16))
        for octets, tag, cipher in tags:
            words[f"aes{bits}ccm{octets}"] = words[f"aes{bits}ccm{tag}"] = Cipher(cipher, bits)
        words[f"aes{bits}ccm"] = Cipher(_E.AES_CCM_16, bits)
    return words


CIPHERS = _ciphers()
INTEGRITIES = {
    "md5": Integrity.HMAC_MD5,
    "md5_128": Integrity.HMAC_MD5_128,
    "sha": Integrity.HMAC_SHA1,
    "sha1": Integrity.HMAC_SHA1,
    "sha1_160": Integrity.HMAC_SHA1_160,
    "sha256": Integrity.HMAC_SHA2_256,
    "sha2_256": Integrity.HMAC_SHA2_256,
    "sha256_96": Integrity.HMAC_SHA2_256_96,
    "sha2_256_96": Integrity.HMAC_SHA2_256_96,
    "sha384": Integrity.HMAC_SHA2_384,
    "sha2_384": Integrity.HMAC_SHA2_384,
    "sha512": Integrity.HMAC_SHA2_512,
    "sha2_512": Integrity.HMAC_SHA2_512,
    "aesxcbc": Integrity.AES_XCBC,
    "aescmac": Integrity.AES_CMAC,
}
# The Phase I hash that goes with an integrity algorithm; the others have no number in IKEv1.
HASHES = {
    Integrity.HMAC_MD5: Hash.MD5,
    Integrity.HMAC_SHA1: Hash.SHA1,
    Integrity.HMAC_SHA2_256: Hash.SHA2_256,
    Integrity.HMAC_SHA2_384: Hash.SHA2_384,
    Integrity.HMAC_SHA2_512: Hash.SHA2_512,
    Integrity.AES_XCBC: Hash.AES_XCBC,  # no number in IKEv1: never offered
    Integrity.AES_CMAC: Hash.AES_CMAC,
}
PRFS = {
    "prfmd5": Hash.MD5,
    "prfsha1": Hash.SHA1,
    "prfsha256": Hash.SHA2_256,
    "prfsha384": Hash.SHA2_384,
    "prfsha512": Hash.SHA2_512,
    "prfaesxcbc": Hash.AES_XCBC,
    "prfaescmac": Hash.AES_CMAC,
}
GROUPS: dict[str, Group | None] = {group.value: group for group in Group}
GROUPS |= {"x25519": Group.CURVE_25519, "x448": Group.CURVE_448, "modpnone": None, "none": None}
SEQUENCES = ("esn", "noesn")


class _Words:
    """The words of one proposal, by kind."""

    def __init__(self, text: str, place: Place, *, encrypts: bool = True) -> None:
        self.ciphers: list[Cipher] = []
        self.integrities: list[Integrity] = []
        self.macs: list[Integrity] = []  # with GMAC
        self.prfs: list[Hash] = []
        self.groups: list[Group | None] = []
        self.sequences: list[str] = []
        self._place = place
        for word in filter(None, (item.strip() for item in text.split("-"))):
            self._word(word)
        kinds = {item.algorithm.is_aead for item in self.ciphers}
        self.aead = True in kinds
        if len(kinds) > 1 and encrypts:
            raise self.wrong(
                f"the proposal {text} mixes AEAD ciphers and others",
                "split it into two proposals, separated by a comma",
            )

    def _word(self, word: str) -> None:
        if word in CIPHERS:
            _once(self.ciphers, CIPHERS[word])
            if CIPHERS[word] in _GMACS:
                _once(self.macs, _GMACS[CIPHERS[word]])
        elif word in INTEGRITIES:
            _once(self.integrities, INTEGRITIES[word])
            _once(self.macs, INTEGRITIES[word])
        elif word in PRFS:
            _once(self.prfs, PRFS[word])
        elif word in GROUPS:
            _once(self.groups, GROUPS[word])
        elif word in SEQUENCES:
            _once(self.sequences, word)
        else:
            known = [*CIPHERS, *INTEGRITIES, *PRFS, *GROUPS, *SEQUENCES]
            near = difflib.get_close_matches(word, known, 1)
            raise PolicyError(
                f"unknown algorithm {word!r}",
                place=self._place,
                mend=f"did you mean {near[0]}?" if near else "see strongSwan's list of keywords",
            )

    def wrong(self, problem: str, mend: str) -> PolicyError:
        return PolicyError(problem, place=self._place, mend=mend)


def _once(kind: list[T], item: T) -> None:
    if item not in kind:
        kind.append(item)


def split(setting: Setting) -> list[str]:
    """The proposals of a list."""
    return [text for text in (part.strip() for part in setting.text.split(",")) if text]


def phase1_proposals(setting: Setting | None) -> tuple[Phase1Proposal, ...]:
    """`proposals`: IKE proposals; None stands for the default. PolicyError: charon discards it."""
    if setting is None or not split(setting):
        return (_default_phase1(None),)
    found = []
    for text in split(setting):
        if text.lower() == "default":
            found.append(_default_phase1(setting.place))
            continue
        words = _Words(text, setting.place)
        groups = tuple(group for group in words.groups if group is not None)  # `none` adds nothing
        if not words.ciphers or not groups:
            raise words.wrong(
                f"the IKE proposal {text} has no {'cipher' if not words.ciphers else 'DH group'}",
                "name cipher, hash and group, for example aes128-sha256-modp2048",
            )
        if not words.integrities and not words.aead:
            raise words.wrong(
                f"the IKE proposal {text} has no hash",
                "name cipher, hash and group, for example aes128-sha256-modp2048",
            )
        if words.aead and not words.prfs and not words.integrities:
            raise words.wrong(
                f"the IKE proposal {text} has no pseudo-random function",
                "name one, for example aes128gcm16-prfsha256-modp2048",
            )
        found.append(
            Phase1Proposal(
                tuple(words.ciphers),
                tuple(HASHES[item] for item in words.integrities if item in HASHES),
                groups,
                setting.place,
                prfs=tuple(words.prfs),
                unusable="-".join(words.sequences),
            )
        )
    return tuple(found)


def _default_phase1(place: Place | None) -> Phase1Proposal:
    """Every algorithm that may be in it; which ones are depends on version and plugins."""
    usual = VERSIONS[USUAL].phase1
    rest = tuple(group for group in Group if group not in (*_WEAK, *usual.groups))
    return replace(usual, groups=(*usual.groups, *rest), place=place, default=True)


_WEAK = (Group.MODP_768, Group.MODP_1024, Group.MODP_1536, Group.MODP_1024_160)
_KEYS = {"ah_proposals": Protocol.AH, "esp_proposals": Protocol.ESP}


def phase2_proposals(child: Section) -> tuple[Phase2Proposal, ...]:
    """`ah_proposals` and `esp_proposals`, in the file's order; neither: default ESP."""
    found: list[Phase2Proposal] = []
    for key, setting in child.values.items():
        for text in split(setting) if key in _KEYS else []:
            if text.lower() == "default":
                found += _default_phase2(_KEYS[key], setting.place)
            else:
                found.append(_phase2(text, _KEYS[key], setting.place))
    return tuple(found) or tuple(_default_phase2(Protocol.ESP, None))


def _phase2(text: str, protocol: Protocol, place: Place) -> Phase2Proposal:
    words = _Words(text, place, encrypts=protocol is Protocol.ESP)
    ciphers, integrities = tuple(words.ciphers), tuple(words.integrities)
    if protocol is Protocol.AH:
        # charon leaves ciphers out, but for GMAC, which it knows by the keyword of the cipher
        ciphers, integrities = (), tuple(words.macs)
        if not integrities:
            raise words.wrong(
                f"the AH proposal {text} has no integrity algorithm",
                "write for example sha256-modp2048",
            )
    elif words.aead:
        integrities = ()  # the cipher does it
    if protocol is Protocol.ESP and not ciphers:
        raise words.wrong(
            f"the ESP proposal {text} has no cipher", "name one, for example aes128-sha256"
        )
    sequences = tuple(word == "esn" for word in words.sequences) or (False,)
    protection = ProtectionProposal(protocol, ciphers, integrities, sequences)
    return Phase2Proposal((protection,), tuple(words.groups), place)


def doubt(key: str, text: str) -> str:
    """Why a proposal that charon takes is surely not what was meant; empty if it may be."""
    parts = [part.strip() for part in text.split("-")]
    if not all(parts):
        return f"a word is missing beside a hyphen in {text!r}; the others count"
    if text.lower() == "default":
        return ""
    words = _Words(text, Place("", 0), encrypts=key != "ah_proposals")
    if key == "proposals" and None in words.groups:
        return f"none has no effect in {text!r}: Phase I needs a group"
    plain = [part for part in parts if part in CIPHERS and CIPHERS[part] not in _GMACS]
    if key == "ah_proposals" and plain:
        return f"AH encrypts nothing: {plain[0]} has no effect in {text!r}"
    if key == "esp_proposals" and words.aead and words.integrities:
        return f"{words.ciphers[0]} includes integrity: {words.integrities[0].value} has no effect in {text!r}"
    return ""


_GMACS = {
    Cipher(_E.AES_GMAC, 128): Integrity.AES_GMAC_128,
    Cipher(_E.AES_GMAC, 192): Integrity.AES_GMAC_192,
    Cipher(_E.AES_GMAC, 256): Integrity.AES_GMAC_256,
}


def _default_phase2(protocol: Protocol, place: Place | None) -> list[Phase2Proposal]:
    usual = VERSIONS[USUAL]
    esp = usual.listed if place is not None else usual.unlisted
    lists = usual.ah if protocol is Protocol.AH else esp
    return [replace(item, place=place, default=True) for item in lists]
