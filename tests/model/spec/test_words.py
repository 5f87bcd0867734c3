"""Words for people stand beside the specification, complete (issue of the explorer)."""

from __future__ import annotations

import pytest

from model.language.sorts import Enum
from model.spec import specification, specifications
from model.spec.words import ACTS, MESSAGES, REASONS, message_named, resent, state_words


def test_every_action_has_words_and_no_word_is_left_over() -> None:
    actions = {name for spec in specifications().values() for name in spec.actions}
    assert set(ACTS) == actions


def test_every_message_has_a_title() -> None:
    messages = {group.name for spec in specifications().values() for group in spec.messages}
    assert set(MESSAGES) == messages
    longs = {title.long for title in MESSAGES.values()}
    alike = sum("Delete" in title.long for title in MESSAGES.values())
    assert (
        len(longs) >= len(MESSAGES) - alike
    )  # a Delete of the attacker is one of the peer to who hears it


def test_every_reason_has_words() -> None:
    spec = specification()
    sort = next(f.sort for f in spec.groups["initiator"].fields if f.name == "reason")
    assert isinstance(sort, Enum) and set(REASONS) == set(sort.members)


@pytest.mark.parametrize("role", ["initiator", "responder"])
def test_r8_in_every_state_that_waits_the_last_message_is_known(role: str) -> None:
    """What is sent again is the message that the end sent when it entered the state."""
    spec = specification()
    action = {"initiator": "phase1.resend", "responder": "phase1.answer_again"}[role]
    entered: dict[str, set[str]] = {}
    sort = next(f.sort for f in spec.groups[role].fields if f.name == "state")
    assert isinstance(sort, Enum)
    for item in spec.actions.values():
        for target, value in item.updates:
            to = (
                sort.members[value.data]
                if value.op == "const" and target.data == (role, "state")
                else ""
            )
            if to.startswith("awaits") and item.sends:
                entered.setdefault(to, set()).update(item.sends)
    assert entered
    for state, sent in entered.items():
        assert {resent(action, state)} == sent, state
    assert resent(action, "established") is None


def test_states_and_messages_read_as_people_say_them() -> None:
    assert state_words("awaits_mm6") == "awaits MM6" and state_words("established") == "established"
    assert message_named(" MM5 ") == "mm5" and message_named("mm7") is None
