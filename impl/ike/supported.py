"""Which settings an engine supports."""

from __future__ import annotations

from impl.crypto.ciphers import cipher_of
from impl.crypto.groups import group_of
from impl.crypto.hashes import HASHES
from impl.ike.bundles import lacks
from impl.ike.offers import LONGEST_LIFE, MOST
from impl.ike.settings import ChildSettings, ConnectionSettings, Lifetime
from impl.wire.numbers import Method


def unsupported(connection: ConnectionSettings) -> str:
    """What the engine does not support in a connection's choices, in words; empty if it supports all."""
    for first in {*connection.choices, *(item for rank in connection.takes for item in rank)}:
        known = cipher_of(first.encryption, first.key_bits) is not None and first.hash in HASHES
        if not known or group_of(first.group) is None:
            return f"{first} has an unsupported cipher, hash or group"
        missing = _credential_lacks(connection, first.method)
        if missing:
            return f"{first} has an authentication method that {missing}"
    if not _statable(connection.life):
        return "its lifetime is longer than an offer can state"
    for child in connection.children:
        problem = _child_lacks(child)
        if problem:
            return problem
    count = len(connection.choices) + len(connection.spare)
    if count > MOST:
        return f"it has {count} choices, but an offer has room for {MOST}"
    return "" if connection.choices else "it has nothing to offer"


def _child_lacks(child: ChildSettings) -> str:
    for second in {*child.choices, *(item for rank in child.takes for item in rank)}:
        missing = lacks(second)
        if missing:
            return f"{child.name}: {missing}"
    if child.negotiates and not child.choices:
        return f"{child.name} has nothing to offer"
    if not _statable(child.life):
        return f"{child.name}: its lifetime is longer than an offer can state"
    if len(child.choices) > MOST:
        return f"{child.name} has {len(child.choices)} choices, but an offer has room for {MOST}"
    return ""


def _statable(life: Lifetime) -> bool:
    """Whether four octets hold what is offered."""
    return max(life.offered or 0, life.kilobytes or 0) <= LONGEST_LIFE


def _credential_lacks(connection: ConnectionSettings, method: int) -> str:
    """What is missing for a method, in words; a missing pre-shared key is detected later, per peer."""
    if method == Method.RSA_SIGNATURES:
        return (
            "" if connection.certificate is not None else "needs a certificate, but there is none"
        )
    if method == Method.KERBEROS:
        return "" if connection.kerberos is not None else "needs a principal, but there is none"
    return "" if method == Method.PRE_SHARED_KEY else "is not supported"
