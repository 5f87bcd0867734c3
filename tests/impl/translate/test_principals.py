"""Principals that policies state: two engines and `verify` come to the same (R3, R5)."""

from __future__ import annotations

import datetime

import pytest

from impl.translate import Held
from model.formats import load
from model.vocabulary.outcomes import Outcome, PairVerdict
from model.vocabulary.policy import Peer
from proofs.verify import verify
from tests.conftest import DictReader
from tests.impl.auth.fake_gss import Realm
from tests.impl.translate.conformance import carry_out, plan_of
from tests.impl.translate.test_conformance import TODAY, A, B, native_text

ONE, TWO, THIRD = "a$@X.TEST", "host/b.test@X.TEST", "host/c.test@X.TEST"
SAID = {
    "offers": [("3des", "sha1", 2)],
    "quick": [(("3des", "sha1"), "")],
    "pfs": False,
    "master": False,
    "protocol": "tcp",
    "tunnel": False,
}
PSK = '{ method = "pre-shared-key", secret = "file:key" }'


def peer(name: str, here: str, there: str, principal: str, expects: str | None) -> Peer:
    said = f', peer_principal = "{expects}"' if expects is not None else ""
    way = f'{{ method = "kerberos", principal = "{principal}"{said} }}'
    text = native_text(SAID, here, there).replace(PSK, way)
    return load(f"{name}.toml", name, DictReader({f"{name}.toml": text.encode()}))


def judged(one: Peer, other: Peer, today: datetime.date = TODAY) -> PairVerdict:
    return verify([one, other], [(one.name, other.name)], today).pairs[0]


@pytest.mark.parametrize(
    ("principal", "expects", "told", "fails"),
    [
        (TWO, None, None, False),
        (TWO, TWO, ONE, False),
        (TWO, TWO.upper(), ONE.upper(), False),  # Windows does not mind the case
        (TWO.partition("@")[0], TWO, None, False),  # nor a realm that is left out
        (TWO, THIRD, None, True),
        (TWO, None, THIRD, True),
        (TWO, THIRD, THIRD, True),
    ],
)
def test_r5_a_principal_that_is_not_the_one_expected_is_refused(
    principal: str, expects: str | None, told: str | None, fails: bool
) -> None:
    """`expects` of the initiator, `told` to the responder."""
    realm = Realm().join(ONE, TWO)
    peers = peer("a", A, B, ONE, expects), peer("b", B, A, principal, told)
    plans = [
        plan_of(one, host, Held(mechanism=realm.at(name)))
        for one, host, name in zip(peers, (A, B), (ONE, TWO), strict=True)
    ]
    assert plans[0] is not None and plans[1] is not None
    verdict, done = judged(*peers), carry_out(plans[0], plans[1], "peer", "peer")
    # that there are tickets `verify` cannot know
    assert verdict.phase1.outcome is (Outcome.FAILS if fails else Outcome.UNDECIDED)
    assert (done.reason1 == "identity") is fails and (done.pair is None) is fails
    if fails:
        assert verdict.phase1.reason is not None and verdict.phase1.reason.value == "identity"
        wrong = told if told == THIRD else expects
        assert f"expects the Kerberos principal {wrong}" in verdict.phase1.why
        (found,) = [item for item in verdict.findings if item.id == "P1-IDENTITY"]
        assert found.place is not None and found.others


def test_r5_the_own_principal_is_refused_and_verify_says_so() -> None:
    realm = Realm().join(ONE)
    peers = peer("a", A, B, ONE, None), peer("b", B, A, ONE, None)
    plans = [
        plan_of(item, host, Held(mechanism=realm.at(ONE)))
        for item, host in zip(peers, (A, B), strict=True)
    ]
    assert plans[0] is not None and plans[1] is not None
    assert carry_out(plans[0], plans[1], "peer", "peer").reason1 == "identity"
    verdict = judged(*peers)
    assert verdict.phase1.reason is not None and verdict.phase1.reason.value == "identity"
    assert "which is also the identity of b" in verdict.phase1.why
