"""Phase II under Phase I, and the pair of SAs that it yields (R2, R10, R11, R14)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import FALSE, Term, conjunction, every, ite
from model.promises import Always, Whenever, promise
from model.promises.sharing import answering, known_to_the_attacker, opened, with_the_peer
from model.spec import Ike
from model.spec.driver_ends import handed_over
from model.spec.keys import phase1_open
from model.spec.parameters import other_role


@promise("R2 R14")
def phase2_requires_phase1(ike: Ike) -> Whenever:
    """The starter of a negotiation gets SAs only while a Phase I SA is up at its own end, whose peer it has
    authenticated. Who that really is, is another promise: phase2_is_with_the_peer.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two = ike.phase2
    installed = handed_over(ike.driver.starter[two.n])
    return Whenever(installed, _authenticated(ike, two.starter.role))


@promise("R2 R14")
def phase2_answer_requires_phase1(ike: Ike) -> Whenever:
    """The answerer of a negotiation gets SAs only while a Phase I SA is up at its own end, whose peer it has
    authenticated. Who that really is, is another promise: phase2_answer_is_with_the_peer.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    installed = handed_over(ike.driver.answerer[ike.phase2.n])
    return Whenever(installed, _authenticated(ike, answering(ike)))


def _authenticated(ike: Ike, role: Term) -> Term:
    """Whether Phase I is up at the end of that role, within its lifetime, with somebody authenticated."""
    slack, up = ike.phase1.timing.slack, []
    for end in (ike.phase1.initiator, ike.phase1.responder):
        standing = end.state.eq("established") & (end.life.left > slack)
        up.append(standing & end.peer.ne("none"))
    return ite(role.eq("initiator"), up[0], up[1])


@promise("R5 R14")
def phase2_is_with_the_peer(ike: Ike) -> Whenever:
    """The starter of a negotiation gets SAs only with the peer that it has authenticated: this peer has the
    same Phase I keys. Or it is itself the other end: see quick_mode_is_not_reflected.

    Exception: the attacker knows the Phase I keys of the starter: he has passed for its peer, or has learned
    them. Any number of negotiations.
    """
    two = ike.phase2
    installed = handed_over(ike.driver.starter[two.n])
    known = known_to_the_attacker(ike, two.starter.role)
    return Whenever(installed, with_the_peer(ike), known)


@promise("R5 R14")
def phase2_answer_is_with_the_peer(ike: Ike) -> Whenever:
    """The answerer of a negotiation gets SAs only with the peer that it has authenticated: this peer has the
    same Phase I keys. Or it is itself the other end: see quick_mode_is_not_reflected.

    Exception: the attacker knows the Phase I keys of the answerer: he has passed for its peer, or has learned
    them. Any number of negotiations.
    """
    installed = handed_over(ike.driver.answerer[ike.phase2.n])
    known = known_to_the_attacker(ike, answering(ike))
    return Whenever(installed, with_the_peer(ike), known)


@promise("R14 R18")
def who_protects_a_message_has_the_keys(ike: Ike) -> Always:
    """Every message of a negotiation is protected by the keys of the end that has sent it, and that end takes
    part in the negotiation; or by keys that the attacker knows.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    s, a = ike.phase2.starter, ike.phase2.answerer
    answered, begun = a.state.ne("idle"), s.state.ne("idle")
    senders = {
        "qm1": (begun, s.role),
        "qm2": (answered, answering(ike)),
        "qm3": (begun, s.role),
        "quick_refusal": (answered & ~a.own, answering(ike)),
        "starter_sa_delete": (begun, s.role),
        "answerer_sa_delete": (answered, answering(ike)),
        "posed_starter_sa_delete": (FALSE, s.role),
        "posed_answerer_sa_delete": (FALSE, s.role),
    }
    claims = []
    for name, (has, role) in senders.items():
        message = Message(ike.spec.groups[name])[ike.phase2.n]
        known = known_to_the_attacker(ike, message.under)
        claims.append(message.sent.implies((has & message.under.eq(role)) | known))
    return Always(conjunction(*claims), opened(ike, "qm3", answering(ike)))


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
    """A Quick Mode message makes a negotiation fail at its starter only while an authenticated Phase I SA is
    up there, and only if it is protected by the keys of this SA; otherwise it changes nothing. Without one
    only time ends it.

    No exceptions; any number of negotiations.
    """
    s = ike.phase2.starter
    read = opened(ike, "qm2", s.role) | opened(ike, "quick_refusal", s.role)
    under = _authenticated(ike, s.role) & read
    return Whenever(s.state.eq("failed") & s.reason.ne("timeout"), under)


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
    taken = p.clients_taken(other_role(role)) & p.mode_taken(other_role(role))
    under = two.phase1_stands(role) & two.may_serve(role)
    comes = a.state.eq("idle") & opened(ike, "qm1", role) & two.reflected
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
