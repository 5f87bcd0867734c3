"""Who answers a connection: addresses as two strongSwan 5.9.8 met them (docs/agreement.md has the runs)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from ipaddress import ip_address

import pytest

from model.formats import load
from model.formats.overlay import Overlay
from model.formats.reader import Reader
from model.vocabulary.findings import Edit
from model.vocabulary.outcomes import Outcome, PairVerdict, Reason, Report
from model.vocabulary.places import Stated
from model.vocabulary.policy import Nat, Peer
from proofs.verify import verify
from proofs.verify.meeting import Meeting, Missed, meetings
from tests.conftest import DictReader

PeerOf = Callable[..., Peer]
VerifyPair = Callable[[Peer, Peer], Report]

CONNECTION = """
  {name} {{
    version = 1
    local_addrs = {local}
    remote_addrs = {remote}
    proposals = aes128-sha256-modp2048
    local {{
      auth = psk
      id = {me}.example
    }}
    remote {{
      auth = psk
      id = {you}
    }}
    children {{
      net {{
        local_ts = {ts}
        remote_ts = {peer_ts}
        esp_proposals = aes128-sha256
      }}
    }}
  }}
"""


def policy(*connections: str) -> str:
    """A file with these connections and one secret for all."""
    return (
        "connections {" + "".join(connections) + '}\nsecrets {\n ike-1 {\n  secret = "x"\n }\n}\n'
    )


def one(
    local: str = "192.0.2.1", remote: str = "192.0.2.2", me: str = "a", you: str = "b.example",
    name: str = "c", ts: str = "10.1.0.0/16", peer_ts: str = "10.2.0.0/16",
) -> str:  # fmt: skip
    return CONNECTION.format(
        name=name, local=local, remote=remote, me=me, you=you, ts=ts, peer_ts=peer_ts
    )


def other(
    local: str = "192.0.2.2", remote: str = "192.0.2.1", you: str = "a.example", name: str = "c",
    ts: str = "10.2.0.0/16",
) -> str:  # fmt: skip
    return one(local, remote, "b", you, name, ts, "10.1.0.0/16")


@pytest.fixture
def met(peer_of: PeerOf) -> Callable[[str, str], tuple[Meeting, ...] | Missed]:
    """How the first connection of one file meets the other file."""

    def meet(a: str, b: str) -> tuple[Meeting, ...] | Missed:
        one_, two = peer_of("a", a), peer_of("b", b)
        return meetings(one_, one_.connections[0], two)

    return meet


@pytest.mark.parametrize(
    ("remote", "reason"),
    [
        ("192.0.2.99, 192.0.2.2", Reason.NO_RESPONDER),  # the first one is called, and only that
        ("192.0.2.0/24, 192.0.2.2", None),  # networks are skipped
        ("192.0.2.2/32", Reason.NO_RESPONDER),  # also a network of one address
        ("%any, 192.0.2.2", Reason.NO_RESPONDER),  # "any" is taken, and names nobody
        ("0.0.0.0/0, 192.0.2.2", None),
        ("2001:db8::2, 192.0.2.2", None),  # the family of the local address
        ("b.example", None),
    ],
)
def test_a_peer_calls_the_first_address_that_is_one(
    met: Callable[[str, str], tuple[Meeting, ...] | Missed], remote: str, reason: Reason | None
) -> None:
    found = met(policy(one(remote=remote)), policy(other()))
    assert (found.reason if isinstance(found, Missed) else None) is reason


def test_nobody_at_the_address_and_nobody_for_the_caller_are_told_apart(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    wrong = peer_of("a", policy(one(remote="192.0.2.99")))
    there, back = verify_pair(wrong, peer_of("b", policy(other()))).pairs
    assert (there.phase1.reason, back.phase1.reason) == (Reason.NO_RESPONDER, Reason.NO_CONNECTION)
    for pair in (there, back):
        item = next(x for x in pair.findings if x.id.startswith("P1-NO-"))
        assert item.place is not None and (item.place.file, item.place.line) == ("a.conf", 5)
        assert item.mend == "remote_addrs = 192.0.2.2"


@pytest.mark.parametrize(
    ("connections", "order"),
    [
        # The caller's address counts twice as much as the local one.
        ((("192.0.2.2", "192.0.2.0/24"), ("%any", "192.0.2.1")), "ba"),
        ((("%any", "192.0.2.1"), ("192.0.2.2", "192.0.2.0/24")), "ab"),
        ((("192.0.2.2", "192.0.2.0/24"), ("192.0.2.2", "192.0.2.0/28")), "ba"),
        ((("192.0.2.2", "192.0.2.1-192.0.2.9"), ("192.0.2.2", "192.0.2.0/30")), "ba"),
        ((("192.0.2.2", "192.0.2.1"), ("192.0.2.2", "192.0.2.1")), "ab"),
        ((("192.0.2.2", "192.0.2.7"), ("192.0.2.2", "%any4")), "b"),
        ((("192.0.2.2", "%any6"), ("192.0.2.2", "%any")), "b"),
    ],
)
def test_the_best_match_by_address_comes_first(
    met: Callable[[str, str], tuple[Meeting, ...] | Missed],
    connections: tuple[tuple[str, str], ...],
    order: str,
) -> None:
    there = policy(*(other(*ends, name=n) for n, ends in zip("ab", connections, strict=True)))
    found = met(policy(one()), there)
    assert not isinstance(found, Missed)
    assert "".join(item.name for item in found[0].connections) == order


def _unconfirmed(report: Report) -> list[tuple[int | None, str]]:
    """Line and text of each warning of an address that nothing confirms."""
    return [
        (x.place.line if x.place else None, x.what)
        for pair in report.pairs
        for x in pair.findings
        if x.id == "ADDRESS-UNCONFIRMED"
    ]


@pytest.mark.parametrize(
    ("call", "there"),
    [
        ("192.0.2.99", other(local="%any")),
        ("192.0.2.99", other(local="%any", you="%any")),
        ("2001:db8::99", other(local="%any", remote="2001:db8::1")),
        ("192.0.2.2", other(local="%any")),  # that it is right, the files do not say either
    ],
)
def test_an_address_that_only_the_other_end_names_is_a_warning(
    peer_of: PeerOf, verify_pair: VerifyPair, call: str, there: str
) -> None:
    local = "2001:db8::1" if ":" in call else "192.0.2.1"
    a, b = peer_of("a", policy(one(local, call))), peer_of("b", policy(there))
    report = verify_pair(a, b)
    assert all(x.phase1.outcome is Outcome.ESTABLISHED for x in report.pairs)
    said = f"nothing in the file of b confirms that {call} is its address (no local_addrs)"
    assert _unconfirmed(report) == [(5, said), (5, said)]
    mend = next(x for x in report.pairs[0].findings if x.id == "ADDRESS-UNCONFIRMED").mend
    assert f"write local_addrs = {call} in connection c of b" in mend


OWNER = policy(other(local="%any")).replace('secret = "x"', 'secret = "x"\n  id-1 = 192.0.2.2')


@pytest.mark.parametrize(
    "there",
    [
        policy(other(local="192.0.2.0/24")),
        policy(other(local="%any").replace("id = b.example", "id = 192.0.2.2")),
        policy(other(local="%any").replace("10.2.0.0/16", "192.0.2.2", 1)),
        OWNER,
    ],
)
def test_an_address_that_the_file_of_its_owner_names_in_any_way_is_no_warning(
    peer_of: PeerOf, verify_pair: VerifyPair, there: str
) -> None:
    here = policy(one(you="%any", peer_ts="0.0.0.0/0"))
    report = verify_pair(peer_of("a", here), peer_of("b", there))
    assert all(x.phase1.outcome is Outcome.ESTABLISHED for x in report.pairs)
    assert not _unconfirmed(report)


@pytest.mark.parametrize(
    ("you", "there", "says"),
    [
        ("%any", other(local="%any").replace("id = b.example", "id = 192.0.2.2"), "its id"),
        (
            "192.0.2.2",
            other(local="%any").replace("      id = b.example\n", ""),
            "the id that a expects",
        ),
    ],
)
def test_two_addresses_that_contradict_each_other_leave_it_undecided(
    peer_of: PeerOf, verify_pair: VerifyPair, you: str, there: str, says: str
) -> None:
    a, b = peer_of("a", policy(one(remote="192.0.2.99", you=you))), peer_of("b", policy(there))
    for pair, reason in zip(
        verify_pair(a, b).pairs, ("no-responder", "no-connection"), strict=True
    ):
        (need,) = pair.phase1.needs
        assert need.startswith("the address of b (local_addrs); 192.0.2.99: ")
        assert need.endswith(f"; 192.0.2.2 ({says}): Phase I fails ({reason})")


def test_the_public_address_as_an_own_one_is_mended_by_a_line(peer_of: PeerOf) -> None:
    spoke = policy(one(name="other", remote="198.51.100.7"), one(name="c"))
    reader = DictReader({"a.conf": spoke.encode(), "b.conf": policy(other()).encode()})

    def read(name: str, files: Reader) -> Peer:
        peer = load(f"{name}.conf", name, files)
        nat = Nat(ip_address("192.0.2.1"), True)
        return replace(peer, nat=Stated(nat)) if name == "a" else peer

    def reload(name: str, edits: Sequence[Edit]) -> tuple[Peer, Overlay]:
        overlay = Overlay(reader, edits)
        return read(name, overlay), overlay

    peers = [read("a", reader), read("b", reader)]
    report = verify(peers, [("a", "b")], date(2026, 11, 30), reload)
    out = next(x for x in report.pairs if x.initiator.connection == "c")
    assert out.phase1.reason is Reason.NO_RESPONDER
    edits = [edit for x in out.findings for edit in x.edits]
    lines = [n for n, x in enumerate(spoke.split("\n"), 1) if "local_addrs" in x]
    assert {x.text for x in edits} == {"local_addrs = %any"}
    assert {x.place.line for x in edits} <= set(lines) and lines[1] in {x.place.line for x in edits}


@pytest.mark.parametrize(
    ("ts", "esp", "outcome"),
    [
        ("dynamic", "aes128-sha256", Outcome.ESTABLISHED),
        ("dynamic[tcp/80]", "aes128-sha256", Outcome.ESTABLISHED),
        ("dynamic", "aes256-sha256", Outcome.FAILS),
    ],
)
def test_an_own_address_that_makes_no_difference_is_not_missing(
    peer_of: PeerOf, verify_pair: VerifyPair, ts: str, esp: str, outcome: Outcome
) -> None:
    mode = "esp_proposals = aes128-sha256\n        mode = transport"
    here = policy(one(local="%any", ts=ts, peer_ts="dynamic"))
    there = policy(one("192.0.2.2", "192.0.2.1, %any", "b", "a.example", ts="dynamic", peer_ts=ts))
    here, there = (x.replace("esp_proposals = aes128-sha256", mode) for x in (here, there))
    a, b = (
        peer_of("a", here),
        peer_of("b", there.replace("aes128-sha256\n        mode", f"{esp}\n        mode")),
    )
    pair = verify_pair(a, b).pairs[0]
    assert pair.phase1.outcome is Outcome.ESTABLISHED
    assert [x.outcome for x in pair.phase2] == [outcome]


def test_a_name_that_does_not_resolve_is_told_from_one_that_does(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    there = policy(
        other(local="192.0.2.0/31", name="near").replace("10.2.0.0/16", "10.9.0.0/16"),
        other(local="192.0.2.0/24"),
    )
    pair = verify_pair(
        peer_of("a", policy(one(remote="lost.example, 192.0.2.2"))), peer_of("b", there)
    ).pairs[0]
    (need,) = pair.phase1.needs
    assert need.split("; ") == [
        "the addresses that the names resolve to",
        "lost.example resolves to 192.0.2.0: Phase II fails (selector) (connection near)",
        "lost.example does not resolve: comes up as net (connection c)",
    ]


def test_a_fault_that_no_address_mends_is_told_whatever_the_address_is(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    there = other(local="%any").replace("aes128-sha256-modp2048", "aes256-sha256-modp2048")
    there = there.replace("id = b.example", "id = 192.0.2.2")
    a, b = peer_of("a", policy(one(remote="192.0.2.99", you="%any"))), peer_of("b", policy(there))
    report = verify_pair(a, b)
    assert {x.phase1.reason for x in report.pairs} == {Reason.PROPOSAL_P1}
    assert all("its id says 192.0.2.2" in said for _, said in _unconfirmed(report))


def test_an_own_address_that_is_not_stated_and_decides_is_what_is_missing(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    hub = policy(
        other(remote="192.0.2.11", name="one", ts="10.7.0.0/16", you=""),
        other(remote="192.0.2.12", name="two", you=""),
    )
    spoke = peer_of("a", policy(one(local="")))
    for pair in verify_pair(spoke, peer_of("b", hub)).pairs:
        assert pair.phase1.outcome is Outcome.UNDECIDED
        (need,) = pair.phase1.needs
        assert need.startswith("the address of a (local_addrs)")
        assert "192.0.2.11: Phase II fails (selector)" in need
        assert "192.0.2.12: comes up" in need
    stated = verify_pair(peer_of("a", policy(one("192.0.2.12"))), peer_of("b", hub)).pairs[0]
    assert stated.phase2[0].outcome is Outcome.ESTABLISHED and stated.responder.connection == "two"


def test_an_own_address_that_decides_nothing_is_not_asked_for(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    hub = policy(
        other(remote="192.0.2.11", name="one", you=""),
        other(remote="192.0.2.12", name="two", you=""),
    )
    anybody = other(remote="192.0.2.2, %any", name="three", you="")
    wide = hub.replace("}\nsecrets", anybody + "}\nsecrets")
    spoke = peer_of("a", policy(one(local="")))
    pair = verify_pair(spoke, peer_of("b", wide)).pairs[0]
    assert pair.phase2[0].outcome is Outcome.ESTABLISHED
    assert not any("192.0.2.1" in item for item in pair.assumptions)
    # Which of the two it is decides nothing; that it is one of them does.
    report = verify_pair(spoke, peer_of("b", hub))
    assert report.pairs[0].phase2[0].outcome is Outcome.ESTABLISHED
    assert "the address of a is 192.0.2.11 or 192.0.2.12" in report.pairs[0].assumptions
    said = "nothing in the file of a confirms that 192.0.2.11 or 192.0.2.12 is its address (no local_addrs)"
    assert said in [what for _, what in _unconfirmed(report)]


def test_one_connection_that_can_answer_is_an_assumption_that_is_said(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    pair = verify_pair(peer_of("a", policy(one(local=""))), peer_of("b", policy(other()))).pairs[0]
    assert pair.phase2[0].outcome is Outcome.ESTABLISHED
    assert "the address of a is 192.0.2.1" in pair.assumptions


def test_a_name_is_taken_to_resolve_to_the_peer_and_the_report_says_so(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    pair = verify_pair(
        peer_of("a", policy(one(remote="gw.example"))), peer_of("b", policy(other()))
    ).pairs[0]
    assert pair.phase2[0].outcome is Outcome.ESTABLISHED
    assert any("gw.example resolves to" in item for item in pair.assumptions)


# ---- NAT


def natted(peer: Peer, public: str = "192.0.2.2", *, forwarded: bool) -> Peer:
    return replace(peer, nat=Stated(Nat(ip_address(public), forwarded)))


def judged(
    peer_of: PeerOf, verify_pair: VerifyPair, mine: str, theirs: str, *, forwarded: bool
) -> tuple[PairVerdict, PairVerdict]:
    behind = natted(peer_of("b", theirs), forwarded=forwarded)
    there, back = verify_pair(peer_of("a", mine), behind).pairs
    return there, back


def test_behind_a_nat_without_forwarded_ports_a_peer_can_only_start(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    inside = policy(other(local="10.66.0.2"))
    there, back = judged(peer_of, verify_pair, policy(one()), inside, forwarded=False)
    assert there.phase1.reason is Reason.NO_RESPONDER and there.phase1.intended
    assert back.phase2[0].outcome is Outcome.ESTABLISHED
    there, back = judged(peer_of, verify_pair, policy(one()), inside, forwarded=True)
    assert there.phase2[0].outcome is back.phase2[0].outcome is Outcome.ESTABLISHED


def test_behind_a_nat_the_private_address_answers_to_nobody(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    inside = policy(other(local="10.66.0.2"))
    there, back = judged(
        peer_of, verify_pair, policy(one(remote="10.66.0.2")), inside, forwarded=True
    )
    assert there.phase1.reason is Reason.NO_RESPONDER
    assert back.phase1.reason is Reason.NO_CONNECTION


def test_behind_a_nat_an_end_that_states_no_identity_shows_its_private_address(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    inside = policy(other(local="10.66.0.2")).replace("id = b.example", "")
    for expected, reason in (("192.0.2.2", Reason.IDENTITY), ("10.66.0.2", None), ("", None)):
        mine = policy(one(you=expected))
        for pair in judged(peer_of, verify_pair, mine, inside, forwarded=True):
            assert pair.phase1.reason is reason, expected


def test_behind_a_nat_dynamic_selectors_meet_in_transport_mode_only(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    mine = policy(one(ts="dynamic", peer_ts="dynamic"))
    inside = policy(other(local="10.66.0.2", ts="dynamic")).replace("10.1.0.0/16", "dynamic")
    for pair in judged(peer_of, verify_pair, mine, inside, forwarded=True):
        assert pair.phase2[0].reason is Reason.SELECTOR
    mode = "esp_proposals", "mode = transport\n esp_proposals"
    pairs = judged(peer_of, verify_pair, mine.replace(*mode), inside.replace(*mode), forwarded=True)
    found = [
        (str(x.phase2[0].initiator_selector), str(x.phase2[0].responder_selector)) for x in pairs
    ]
    assert found == [("192.0.2.1/32", "192.0.2.2/32"), ("10.66.0.2/32", "192.0.2.1/32")]


def test_ah_through_a_nat_is_an_error_though_it_is_negotiated(
    peer_of: PeerOf, verify_pair: VerifyPair
) -> None:
    change = "esp_proposals = aes128-sha256", "ah_proposals = sha256"
    mine, inside = policy(one()).replace(*change), policy(other(local="10.66.0.2")).replace(*change)
    for pair in judged(peer_of, verify_pair, mine, inside, forwarded=True):
        assert pair.phase2[0].outcome is Outcome.ESTABLISHED
        assert "AH-THROUGH-NAT" in {item.id for item in pair.findings}
