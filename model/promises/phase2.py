"""Phase II under Phase I, and the pair of SAs that it yields (R2, R10, R11, R14)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import every
from model.promises import Always, Whenever, promise
from model.spec import Ike
from model.spec.driver_ends import handed_over
from model.spec.keys import phase1_open
from model.spec.parameters import other_role


@promise("R2 R14")
def phase2_requires_phase1(ike: Ike) -> Whenever:
    """The starter of a negotiation gets SAs only while an authenticated Phase I SA is up at its own
    end, whose keys the other end has too; or it is itself the other end.

    No exceptions; any number of negotiations.
    """
    two = ike.phase2
    installed = handed_over(ike.driver.starter[two.n])
    return Whenever(installed, two.phase1_stands(two.starter.role) & two.opens)


@promise("R2 R14")
def phase2_answer_requires_phase1(ike: Ike) -> Whenever:
    """The answerer of a negotiation gets SAs only while an authenticated Phase I SA is up at its own
    end, whose keys the other end has too; or it is itself the other end.

    No exceptions; any number of negotiations.
    """
    two = ike.phase2
    installed = handed_over(ike.driver.answerer[two.n])
    stands = two.phase1_stands(two.answering_role)
    return Whenever(installed, stands & two.opens)


@promise("R11")
def pair_of_sas(ike: Ike) -> Always:
    """Each end that has had SAs has a pair: an inbound and an outbound SPI, both there and different, so
    that the two directions never share a key: KEYMAT is made of the SPI and what both ends share.

    Exception: an end takes an SPI equal to its own; any number of negotiations.
    """
    n = ike.phase2.n
    ends = (ike.driver.starter[n], ike.driver.answerer[n])
    pairs = [
        handed_over(end).implies(
            end.inbound_spi.ne(0) & end.outbound_spi.ne(0) & end.inbound_spi.ne(end.outbound_spi)
        )
        for end in ends
    ]
    both = handed_over(ends[0]) & handed_over(ends[1])
    return Always(pairs[0] & pairs[1], both, ~ike.phase2.policy.checks_spi)


@promise("R10 R11")
def agreed_sas_match(ike: Ike) -> Always:
    """Where both ends have SAs of a negotiation, they are the same ones crosswise: same transform,
    what is inbound here is outbound there.

    Exception: the attacker knows the keys of Phase I.
    """
    s, a = ike.driver.starter[ike.phase2.n], ike.driver.answerer[ike.phase2.n]
    both = handed_over(s) & handed_over(a)
    same = s.protection.eq(a.protection)
    crosswise = s.inbound_spi.eq(a.outbound_spi) & s.outbound_spi.eq(a.inbound_spi)
    return Always(both.implies(same & crosswise), both, phase1_open(ike.phase1))


@promise("R11")
def answerer_installs_after_the_starter(ike: Ike) -> Whenever:
    """The answerer gets its SAs only after the starter: the first end to send protected packets finds a
    receiver.

    Exception: the attacker knows the keys of Phase I.
    """
    n = ike.phase2.n
    installed = handed_over(ike.driver.starter[n])
    return Whenever(handed_over(ike.driver.answerer[n]), installed, phase1_open(ike.phase1))


@promise("R7 R10")
def phase2_suite_was_offered(ike: Ike) -> Always:
    """The transform of every SA was offered by the starter and is acceptable to the answerer.

    Exception: the attacker knows the keys of Phase I, or the starter answers itself.
    """
    two, s = ike.phase2, ike.driver.starter[ike.phase2.n]
    p, role = two.policy, two.starter.role
    excused = phase1_open(ike.phase1) | two.reflected
    fair = every(
        p.protection,
        lambda u: s.protection.eq(u).implies(p.offers(role, u) & p.accepts(role, u)),
    )
    return Always(handed_over(s).implies(fair), handed_over(s), excused)


@promise("R14")
def negotiations_fail_under_phase1(ike: Ike) -> Whenever:
    """A Quick Mode message makes a negotiation fail at its starter only while an authenticated Phase I
    SA is up there, whose keys the other end has too; otherwise it changes nothing. Without one only
    time ends it.

    No exceptions; any number of negotiations.
    """
    two, s = ike.phase2, ike.phase2.starter
    stands = two.phase1_stands(s.role) & two.opens
    return Whenever(s.state.eq("failed") & s.reason.ne("timeout"), stands)


@promise("R14")
def quick_mode_is_not_reflected(ike: Ike) -> Always:
    """A peer never completes Quick Mode with itself: a message 1 of its own that comes back to it has
    the message ID of one of its own negotiations, and is rejected.

    Exception: the attacker reflects messages and the peer does not check message IDs: both directions of
    Phase I have the same keys, so everything else in the message verifies.
    """
    two = ike.phase2
    done = handed_over(ike.driver.answerer[two.n])
    return Always(done.implies(~two.answerer.own), done, two.reflected)


@promise("R7 R10")
def altered_quick_answer_is_rejected(ike: Ike) -> Always:
    """The starter never installs SAs with a transform that it did not offer, even if an attacker answered.

    No exceptions: every attacker switch is on, also one who knows the keys of Phase I.
    """
    two, s = ike.phase2, ike.driver.starter[ike.phase2.n]
    p, role = two.policy, two.starter.role
    fair = every(p.protection, lambda u: s.protection.eq(u).implies(p.offers(role, u)))
    both = two.starter.state.eq("established").implies(two.starter.chosen.eq(s.protection))
    return Always(handed_over(s).implies(fair) & both, handed_over(s))


@promise("R14 R16 R21")
def who_answers_itself_does_so_by_policy(ike: Ike) -> Whenever:
    """A starter answers its own message 1 only if an attacker sends it back and it does not check message
    IDs; and then as it would answer a peer's: under a Phase I SA that is up and may serve, with a policy
    that selects and takes what is asked for.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, a = ike.phase2, ike.phase2.answerer
    p, role = two.policy, two.starter.role
    qm1 = Message(ike.spec.groups["qm1"])[two.n]
    taken = p.clients_taken(other_role(role)) & p.mode_taken(other_role(role))
    under = two.phase1_stands(role) & two.may_serve(role)
    comes = a.state.eq("idle") & qm1.sent & two.reflected
    return Whenever(a.own, comes & under & taken)


@promise("R10 R12")
def who_answers_itself_chooses_what_it_offered(ike: Ike) -> Always:
    """A starter that answers itself has chosen what it offered and would accept of a peer, and with PFS has
    a public value for it.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, a = ike.phase2, ike.phase2.answerer
    p, role = two.policy, two.starter.role
    fair = every(
        p.protection,
        lambda u: a.chosen.eq(u).implies(
            p.offers(role, u)
            & p.accepts(other_role(role), u)
            & p.pfs(u).implies(a.peer_public.ne("none"))
        ),
    )
    return Always(a.own.implies(fair & ~a.chosen.is_none), a.own)
