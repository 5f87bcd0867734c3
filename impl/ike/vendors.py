"""Vendor IDs in messages 1 and 2: what an end supports beyond RFC 2409, announced before anything is agreed.

Nothing protects them: each only allows what the policy allows anyway.
"""

from __future__ import annotations

from impl.auth.kerberos import speaks_gssapi
from impl.ike import natt
from impl.ike.core import Core, Got
from impl.ike.sadb import IkeSa
from impl.wire.numbers import Method
from impl.wire.payloads import VendorId
from impl.wire.vendors import ALTERNATIVES, DEAD_PEER_DETECTION, vendor_id

_ALTERNATIVES = VendorId(vendor_id(ALTERNATIVES))
_DETECTION = VendorId(DEAD_PEER_DETECTION)
#: the last two octets of this one are a version (RFC 3706 5.1)
_DPD = DEAD_PEER_DETECTION[:-2]


def announced(core: Core, sa: IkeSa) -> tuple[VendorId, ...]:
    """The vendor IDs that go with an offer or an answer."""
    own = (_DETECTION, _ALTERNATIVES) if core.settings.alternatives else (_DETECTION,)
    return (*own, *_of_kerberos(sa), *natt.announced(core, sa))


def _of_kerberos(sa: IkeSa) -> list[VendorId]:
    """What makes method 65001 Kerberos, where it is offered or taken."""
    kerberos, choice = sa.connection.kerberos, sa.choice
    if kerberos is None:
        return []
    offered = (*sa.connection.choices, *sa.named) if choice is None else (choice,)
    if Method.KERBEROS not in [item.method for item in offered]:
        return []
    return [VendorId(vendor_id(text)) for text in kerberos.dialect.vendors]


def hear(core: Core, sa: IkeSa, got: Got) -> None:
    """What the peer supports."""
    heard = got.all(VendorId)
    sa.detects = any(item.data.startswith(_DPD) for item in heard)
    sa.names_alternatives = core.settings.alternatives and _ALTERNATIVES in heard
    sa.gssapi = speaks_gssapi([item.data for item in heard])
    natt.agree(core, sa, heard)
