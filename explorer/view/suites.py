"""Transforms of both phases in the words of suites; unknown numbers stay numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum

from explorer.view.names import utf16_text
from impl.wire.numbers import (
    AhTransform,
    Encapsulation,
    EspTransform,
    GroupId,
    IpsecAttribute,
    LifeType,
    Method,
    OakleyAttribute,
    ProtocolId,
    in_digits,
    name_of,
)
from impl.wire.proposals import Attribute, Proposal, Transform

_ENCRYPTION = {1: "des", 2: "idea", 3: "blowfish", 4: "rc5", 5: "3des", 6: "cast128", 7: "aes"}
_HASH = {1: "md5", 2: "sha1", 3: "tiger", 4: "sha256", 5: "sha384", 6: "sha512"}
_METHOD = {
    **{item.value: item.name.lower().replace("_", "-") for item in Method},
    65001: "kerberos or xauth-pre-shared-key",  # unless something distinguishes them
    65002: "xauth-pre-shared-key of the responder",
    65005: "xauth-rsa-signatures",
    65006: "xauth-rsa-signatures of the responder",
    64221: "hybrid-rsa-signatures",
}
_ESP: dict[int, str] = {
    EspTransform.DES_IV64: "des-iv64",
    EspTransform.DES: "des",
    EspTransform.TRIPLE_DES: "3des",
    EspTransform.BLOWFISH: "blowfish",
    EspTransform.NULL: "null",
    EspTransform.AES_CBC: "aes",
    EspTransform.AES_CTR: "aes-ctr",
    EspTransform.AES_GCM_8: "aes-gcm8",
    EspTransform.AES_GCM_12: "aes-gcm12",
    EspTransform.AES_GCM_16: "aes-gcm16",
}
_AH: dict[int, str] = {
    AhTransform.MD5: "md5",
    AhTransform.SHA1: "sha1",
    AhTransform.DES: "des-mac",
    AhTransform.SHA2_256: "sha256",
    AhTransform.SHA2_384: "sha384",
    AhTransform.SHA2_512: "sha512",
}
_INTEGRITY = {1: "md5", 2: "sha1", 3: "des-mac", 4: "kpdk", 5: "sha256", 6: "sha384", 7: "sha512"}
_UNITS: dict[int, str] = {LifeType.SECONDS: "s", LifeType.KILOBYTES: "kB"}
#: the meaning of method 65001, where that is known
_SHARED_NUMBER = {True: "kerberos", False: "xauth-pre-shared-key"}
_NAMES = (OakleyAttribute.GSS_IDENTITY_NAME, OakleyAttribute.GSS_NAME_WINDOWS)
#: a number of more octets is shown as octets
_NUMBER = 8


def group_name(number: int) -> str:
    """A Diffie-Hellman group: modp1024, or its number."""
    return GroupId(number).name.lower() if number in set(GroupId) else f"group {in_digits(number)}"


def suite(proposal: Proposal, transform: Transform, kerberos: bool | None = None) -> str:
    """A transform as people write suites: `3des sha1 modp1024 pre-shared-key, 28800 s`. `kerberos`: as for
    `phase1_suite`."""
    if proposal.protocol == ProtocolId.ISAKMP:
        return phase1_suite(transform, kerberos)
    return _phase2_suite(proposal, transform)


def phase1_suite(transform: Transform, kerberos: bool | None = None) -> str:
    """A transform of Phase I. `kerberos`: whether method 65001 is Kerberos, else XAUTH; None: not known."""
    named = OakleyAttribute
    bits, group = transform.get(named.KEY_LENGTH), transform.get(named.GROUP)
    method = transform.get(named.AUTHENTICATION)
    if any(transform.get(name) is not None for name in _NAMES):
        kerberos = True  # XAUTH has no name there
    shared = _SHARED_NUMBER.get(kerberos) if kerberos is not None else None
    parts = [
        _named(_ENCRYPTION, transform.get(named.ENCRYPTION), "cipher", bits),
        _named(_HASH, transform.get(named.HASH), "hash"),
        "no group" if group is None else group_name(group),
        shared if shared and method == Method.KERBEROS else _named(_METHOD, method, "method"),
    ]
    said = (named.ENCRYPTION, named.HASH, named.AUTHENTICATION, named.GROUP, named.KEY_LENGTH)
    rest = _rest(transform, said, (named.LIFE_TYPE, named.LIFE_DURATION), named)
    return ", ".join([" ".join(parts), *rest])


def _phase2_suite(proposal: Proposal, transform: Transform) -> str:
    named = IpsecAttribute
    ah, esp = proposal.protocol == ProtocolId.AH, proposal.protocol == ProtocolId.ESP
    table = _AH if ah else _ESP if esp else {}
    cipher = _named(table, transform.id, "transform", transform.get(named.KEY_LENGTH))
    parts = [name_of(ProtocolId, proposal.protocol), cipher]
    integrity = transform.get(named.AUTHENTICATION)
    if integrity is not None and not ah:
        parts.append(_named(_INTEGRITY, integrity, "integrity"))
    said = (named.KEY_LENGTH, named.AUTHENTICATION, named.GROUP, named.ENCAPSULATION)
    rest = _rest(transform, said, (named.LIFE_TYPE, named.LIFE_DURATION), named)
    mode, group = transform.get(named.ENCAPSULATION), transform.get(named.GROUP)
    how = [] if mode is None else [name_of(Encapsulation, mode).lower()]
    how.append("no PFS" if group is None else f"PFS {group_name(group)}")
    return ", ".join([" ".join(parts), *how, *rest])


def _named(table: Mapping[int, str], value: int | None, what: str, bits: int | None = None) -> str:
    """A number's name with the length of its key; `cipher 99` where it has no name."""
    if value is None:
        return f"no {what}"
    known = table.get(value)
    if known is None:
        return f"{what} {in_digits(value)}" + (f" with {in_digits(bits)} bits" if bits else "")
    if not bits:
        return known
    if bits.bit_length() > 8 * _NUMBER:
        return f"{known} with {in_digits(bits)} bits"
    head, _, tail = known.partition("-")  # as in policies: aes128gcm16
    return f"{head}{in_digits(bits)}{tail}"


def _rest(
    transform: Transform, said: tuple[int, ...], life: tuple[int, int], names: type[IntEnum]
) -> list[str]:
    """Lifetimes, and attributes that are not part of a suite."""
    lifetimes, others = [], []
    unit: int | None = None
    for item in transform.attributes:
        if item.type == life[0]:
            unit = item.number
        elif item.type == life[1]:
            stated = "no life type" if unit is None else f"life type {in_digits(unit)}"
            counted = _UNITS.get(unit or 0) or f"of {stated}"
            lifetimes.append(f"{_duration(item)} {counted}")
        elif names is OakleyAttribute and item.type in _NAMES and (name := _gss_name(item)):
            others.append(name)
        elif item.type not in said:
            others.append(f"{name_of(names, item.type).lower()} {_value(item)}")
    return lifetimes + others


def _gss_name(item: Attribute) -> str | None:
    """The name of an end for GSS-API, if it is text; Windows sends it under a number of its own too."""
    text = utf16_text(item.value) if isinstance(item.value, bytes) else None
    own = f" ({item.type})" if item.type != OakleyAttribute.GSS_IDENTITY_NAME else ""
    return f"GSS name {text}{own}" if text else None


def _duration(item: Attribute) -> str:
    long = isinstance(item.value, bytes) and len(item.value) > _NUMBER
    return _value(item) if long else str(item.number)


def _value(item: Attribute) -> str:
    value = item.value
    return str(value) if isinstance(value, int) else f"0x{value.hex()}"


def attributes(transform: Transform) -> Iterator[dict[str, object]]:
    """Attributes as JSON shows them: a number in the short form, octets in the long one; the text of names."""
    for item in transform.attributes:
        value = item.value
        tree: dict[str, object] = {"type": item.type}
        tree["value"] = value if isinstance(value, int) else value.hex()
        if item.type in _NAMES and isinstance(value, bytes):
            tree["text"] = utf16_text(value)
        yield tree
