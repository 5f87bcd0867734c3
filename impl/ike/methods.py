"""Authentication methods, as settings and the choice of a suite name them (R3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from impl.auth.certificate import Certified
from impl.auth.interface import Authenticator
from impl.auth.kerberos import Kerberized
from impl.auth.psk import PreSharedKey
from impl.ike.core import Core
from impl.ike.offers import phase1_choice
from impl.ike.sadb import IkeSa
from impl.ike.settings import ConnectionSettings, Phase1Choice
from impl.wire.errors import WireError
from impl.wire.numbers import Method
from impl.wire.proposals import SecurityAssociation, Transform, decode_sa


def authenticator(core: Core, sa: IkeSa, transform: Transform) -> Authenticator:
    """This end's part in the method that was chosen; `transform`: the peer's, which may name it."""
    connection, choice = sa.connection, sa.choice
    assert choice is not None
    if choice.method == Method.RSA_SIGNATURES:
        settings, utc = connection.certificate, core.settings.utc
        assert settings is not None and utc is not None  # `lacking` has asked for them
        return Certified(settings, lambda: utc(core.now), initiator=sa.initiated)
    if choice.method == Method.KERBEROS:
        kerberos = connection.kerberos
        assert kerberos is not None
        return Kerberized(kerberos, kerberos.name_in(transform), initiator=sa.initiated)
    return PreSharedKey(connection.secret, initiator=sa.initiated)


def answered(
    connection: ConnectionSettings, choice: Phase1Choice, transform: Transform
) -> Transform:
    """The transform to answer with: as it came, but that with Kerberos it shows the local name."""
    kerberos = connection.kerberos
    if choice.method != Method.KERBEROS or kerberos is None:
        return transform
    return kerberos.with_own_name(transform)


# ---- refusals
def only_the_method(offered: SecurityAssociation, taken: Iterable[Phase1Choice]) -> bool:
    """Whether an offer of which nothing is taken would be but for its authentication methods."""
    transforms = (item for proposal in offered.proposals for item in proposal.transforms)
    choices = (choice for item in transforms if (choice := phase1_choice(item)) is not None)
    return not _bare(choices).isdisjoint(_bare(taken))


def only_the_method_named(data: bytes, offered: Iterable[Phase1Choice]) -> bool:
    """The same from what a refusal names as acceptable, if it names anything (R7)."""
    try:
        return bool(data) and only_the_method(decode_sa(data, 0), offered)
    except WireError:
        return False


def _bare(choices: Iterable[Phase1Choice]) -> set[Phase1Choice]:
    """Algorithms alone."""
    return {replace(item, method=0) for item in choices}
