"""What is said to close a weakness closes it, and what does not is not said."""

from __future__ import annotations

import pytest

from proofs.prover.closures import closures
from proofs.prover.conditions import conditions

MENDS = {item.name: item.mend for item in conditions("ike")}


@pytest.mark.parametrize(
    ("needs", "closing"),
    [
        # Another method is as open to who breaks the group.
        ({"breaks_group", "certificate"}, {"breaks_group"}),
        ({"breaks_group", "kerberos"}, {"breaks_group"}),
        ({"knows_secret", "breaks_group", "pre_shared_key"}, {"knows_secret", "breaks_group"}),
        ({"alters", "knows_secret", "pre_shared_key"}, {"knows_secret", "pre_shared_key"}),
        ({"alters", "holds_certificate", "certificate"}, {"holds_certificate", "certificate"}),
    ],
)
def test_r4_only_what_is_proved_to_close_a_weakness_is_said_to(
    needs: set[str], closing: set[str]
) -> None:
    found = closures("master_key_secret", frozenset(needs))
    assert found == {name: MENDS[name] if name in closing else "" for name in needs}


def test_what_another_weakness_still_breaks_is_not_closed() -> None:
    needs = frozenset(("alters", "knows_secret", "pre_shared_key"))
    other = frozenset(("alters", "certificate"))
    found = closures("master_key_secret", needs, [other])
    assert found["knows_secret"] and not found["pre_shared_key"]
