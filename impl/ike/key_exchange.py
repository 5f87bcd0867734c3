"""Diffie-Hellman as steps of a row: at once in small groups, elsewhere in large ones (R4, R12; DESIGN.md section 6)."""

from __future__ import annotations

from functools import partial

from impl.auth.interface import Steps, Work, done
from impl.crypto.groups import Group, PrivateValue, Random, draw


def private_value(group: Group, random: Random) -> Steps[PrivateValue]:
    """A new secret of a group."""
    if not group.large:
        return group.private(random)
    work = Work("generate a Diffie-Hellman secret", partial(draw, group.id), apart=True)
    return (yield from done(work))


def shared_secret(group: Group, own: PrivateValue, peer: bytes) -> Steps[bytes]:
    """g^xy with a peer's value, which `Group.checked` has found to be one."""
    if not group.large:
        return own.shared(peer)
    work = Work("compute the Diffie-Hellman secret", partial(own.shared, peer), apart=True)
    return (yield from done(work))
