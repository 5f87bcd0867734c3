"""A session with an attacker who has passed for a peer: what is said of keys and of broken promises is so."""

from __future__ import annotations

from explorer.session.commands.script import executed, lines_of
from explorer.session.moments import Tone
from explorer.session.scenarios import scenario
from explorer.session.session import Session

_KEYS_OF_HIS_OWN = "step 4; take attacker.attacker_for_responder; step"


def _session(script: str, *powers: str) -> Session:
    made = Session(scenario("main-psk").source())
    for _ in executed(made, lines_of("; ".join([*(f"power {x} on" for x in powers), script]))):
        pass
    return made


def _keys(made: Session) -> tuple[str, ...]:
    rows = {row[0]: row[1:] for row in made.source.facts(made.now.moment)}
    return rows["keys"]


def test_r4_keys_are_shared_only_where_both_ends_have_the_same() -> None:
    assert _keys(_session("run")) == ("shared", "shared")
    fooled = _session(_KEYS_OF_HIS_OWN, "alters", "knows_secret")
    assert _keys(fooled) == ("with attacker", "its own")


def test_r5_a_broken_promise_names_the_weakness_or_says_that_an_exception_holds() -> None:
    refused = "take attacker.refuse_as_responder reason=identity; take phase1.believe_refusal"
    made = _session(f"{_KEYS_OF_HIS_OWN}; {refused}", "alters", "knows_secret")
    broken = made.broken(made.now)
    assert broken and all(item.excepted for item in broken)
    said = made.verdict()
    assert said.tone is Tone.FAILED
    assert said.second == "An exception that its text names holds."
    with_him = _session(
        f"{_KEYS_OF_HIS_OWN}; take attacker.pose_as_responder t=0; take phase1.believe_responder t=0; "
        "take quick.offer n=0 role=initiator spi=1; "
        "take attacker.write_qm2 n=0 spi=2 t=0 public=none; take quick.take_answer n=0 t=0",
        "alters",
        "knows_secret",
    )
    kept = with_him.promises()
    assert kept is not None
    named = kept.weakness(with_him.now, "phase2_is_with_the_peer")
    assert named == "man-in-the-middle-with-the-shared-key"
