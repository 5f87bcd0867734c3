"""Which offer wins: the rule as a term against plain enumeration, and what each stack sends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model.choice import Row, Table, phase1_offer, phase1_table, phase2_offer
from model.vocabulary.identities import ANY_IDENTITY
from model.vocabulary.places import Stated
from model.vocabulary.policy import (
    Authentication,
    Credentials,
    Phase1Proposal,
    Phase2Proposal,
    ProtectionProposal,
)
from model.vocabulary.profiles import CHARON, WINDOWS2000
from model.vocabulary.suites import (
    AuthMethod,
    Cipher,
    Encryption,
    Group,
    Hash,
    Integrity,
    Mode,
    Phase1Suite,
    Protocol,
)

AES128, AES256 = Cipher(Encryption.AES_CBC, 128), Cipher(Encryption.AES_CBC, 256)
NOBODY = Credentials(Stated(ANY_IDENTITY))
PSK = [Authentication(Stated(AuthMethod.PRE_SHARED_KEY), NOBODY, NOBODY)]
SUITE = Phase1Suite(AES128, Hash.SHA1, Group.MODP_2048, AuthMethod.PRE_SHARED_KEY)


def proposal(*ciphers: Cipher) -> Phase1Proposal:
    return Phase1Proposal(ciphers, (Hash.SHA1, Hash.MD5), (Group.MODP_2048,), None)


ranks = st.one_of(st.none(), st.integers(0, 3))


@given(st.lists(ranks, max_size=6), st.booleans())
def test_r7_the_winner_is_first_in_one_order_and_then_in_the_other(
    accepted: list[int | None], own: bool
) -> None:
    rows = tuple(Row(SUITE, rank, accept) for rank, accept in enumerate(accepted))
    winner = Table(rows, own).winner()
    common = [row for row in rows if row.accept_rank is not None]

    def order(row: Row[Phase1Suite]) -> tuple[int, int]:
        offer, accept = row.offer_rank or 0, row.accept_rank or 0
        return (accept, offer) if own else (offer, accept)

    assert winner is (min(common, key=order) if common else None)


def test_r3_charon_sends_the_first_of_each_kind_windows_every_combination() -> None:
    proposals = [proposal(AES256, AES128)]
    assert [str(o.suite) for o in phase1_offer(proposals, PSK, CHARON)] == ["aes256 sha1 modp2048"]
    assert len(phase1_offer(proposals, PSK, WINDOWS2000)) == 4


def test_r7_whose_order_decides_is_the_profiles() -> None:
    offers = phase1_offer([proposal(AES128), proposal(AES256)], PSK, CHARON)
    mine = [proposal(AES256), proposal(AES128)]
    charon = phase1_table(offers, mine, CHARON).winner()
    windows = phase1_table(offers, mine, WINDOWS2000).winner()
    assert charon is not None and charon.suite.encryption == AES256
    assert windows is not None and windows.suite.encryption == AES128


def test_r7_a_match_that_rests_on_a_default_is_not_certain() -> None:
    default = Phase1Proposal((AES128,), (Hash.SHA1,), (Group.MODP_2048,), None, default=True)
    offers = phase1_offer([proposal(AES128)], PSK, CHARON)
    row = phase1_table(offers, [default], CHARON).winner()
    assert row is not None and not row.certain


def test_r10_bundles_are_offered_together() -> None:
    parts = (
        ProtectionProposal(Protocol.AH, (), (Integrity.HMAC_MD5,)),
        ProtectionProposal(Protocol.ESP, (AES128,), (Integrity.HMAC_SHA1,)),
    )
    (offer,) = phase2_offer([Phase2Proposal(parts, (), None)], Mode.TUNNEL, WINDOWS2000, None)
    assert str(offer.suite) == "AH md5 + ESP aes128 sha1, no PFS"
