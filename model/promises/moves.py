"""Each step answers a message, and goes forward (R3 to R8, R14)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import conjunction, every, ite, lift, some
from model.promises import Always, Whenever, all_sent, any_sent, promise
from model.spec import Ike
from model.spec.keys import method_is, phase1_open
from model.spec.parameters import QUICK_PUBLIC


@promise("R4 R5")
def responder_moves_by_messages(ike: Ike) -> Always:
    """A responder waits for a message only after it has had, and answered, the one before it; a peer that it
    has authenticated has sent a proof.

    No exceptions: every attacker switch is on.
    """
    r = ike.phase1.responder
    by_initiator = all_sent(ike, "mm5", "mm6") | all_sent(ike, "am3")
    claim = (
        r.state.eq("awaits_mm3").implies(all_sent(ike, "mm1", "mm2"))
        & r.state.eq("awaits_mm5").implies(all_sent(ike, "mm3", "mm4"))
        & r.state.eq("awaits_am3").implies(all_sent(ike, "am1", "am2"))
        & r.peer.eq("initiator").implies(by_initiator)
        & r.peer.eq("attacker").implies(all_sent(ike, "posed_initiator"))
        & (r.answers > 0).implies(r.state.ne("idle"))
    )
    return Always(claim, r.peer.eq("initiator"))


@promise("R4 R5")
def initiator_moves_by_messages(ike: Ike) -> Always:
    """An initiator waits for an answer only after it has had the one before it, and has sent what is to
    be answered; a peer that it has authenticated has sent a proof.

    No exceptions: every attacker switch is on.
    """
    i = ike.phase1.initiator
    by_responder = all_sent(ike, "mm6") | all_sent(ike, "am2", "am3")
    posed = all_sent(ike, "posed_responder") | all_sent(ike, "am1")
    claim = (
        i.state.eq("awaits_mm2").implies(all_sent(ike, "mm1"))
        & i.state.eq("awaits_mm4").implies(all_sent(ike, "mm2", "mm3"))
        & i.state.eq("awaits_mm6").implies(all_sent(ike, "mm4", "mm5"))
        & i.state.eq("awaits_am2").implies(all_sent(ike, "am1"))
        & i.peer.eq("responder").implies(by_responder)
        & i.peer.eq("attacker").implies(posed)
    )
    return Always(claim, i.peer.eq("responder"))


@promise("R5")
def negotiations_move_by_messages(ike: Ike) -> Always:
    """Each end of a negotiation is where its messages have brought it: the starter waits after message
    1, the answerer after message 2; what is established has had messages 2 and 3.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two = ike.phase2
    s, a = two.starter, two.answerer
    sent = [Message(ike.spec.groups[name])[two.n].sent for name in ("qm1", "qm2", "qm3")]
    claim = (
        s.state.eq("awaits_qm2").implies(sent[0])
        & s.state.eq("established").implies(sent[1] & sent[2])
        & a.state.eq("awaits_qm3").implies(sent[0] & sent[1])
        & a.state.eq("established").implies(sent[2])
    )
    return Always(claim, a.state.eq("established"))


@promise("R5")
def established_is_reached_by_waiting(ike: Ike) -> Whenever:
    """An initiator establishes Phase I only from the state in which it waits for the responder's proof.

    No exceptions: what has failed, ended or gone clear is never established again.
    """
    i = ike.phase1.initiator
    return Whenever(i.state.eq("established"), i.state.one_of("awaits_mm6", "awaits_am2"))


@promise("R5")
def answered_is_reached_by_waiting(ike: Ike) -> Whenever:
    """A responder establishes Phase I only from the state in which it waits for the initiator's proof.

    No exceptions: what has failed or ended is never established again.
    """
    r = ike.phase1.responder
    return Whenever(r.state.eq("established"), r.state.one_of("awaits_mm5", "awaits_am3"))


@promise("R8")
def clear_only_from_the_first_message(ike: Ike) -> Whenever:
    """An initiator starts to send in clear only while it waits for the answer to its first message.

    No exceptions: every attacker switch is on.
    """
    return Whenever(ike.phase1.initiator.state.eq("clear"), ike.phase1.awaits_first_answer)


@promise("R5")
def no_proof_without_a_secret(ike: Ike) -> Always:
    """Where the transform that an end uses is authenticated by a pre-shared key, that end makes keys
    of it only if it has one for this peer.

    No exceptions: every attacker switch is on.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    keyed = [i.state.eq("awaits_mm6"), r.state.one_of("awaits_mm5", "awaits_am3")]
    by = [method_is(ends, end, "pre_shared_key") for end in (i, r)]
    at_i = (keyed[0] & by[0]).implies(ends.policy.has_secret("initiator"))
    at_r = (keyed[1] & by[1]).implies(ends.policy.has_secret("responder"))
    chosen = (i.chosen.is_none & keyed[0]) | (r.chosen.is_none & keyed[1])
    return Always(at_i & at_r & ~chosen, keyed[0] & by[0] & keyed[1])


@promise("R4")
def no_degenerate_public_value(ike: Ike) -> Always:
    """An end that checks public values holds no degenerate one, whose secret anybody knows.

    No exceptions: every attacker switch is on; whether it checks depends on the profile.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    none = [end.peer_public.ne("degenerate") for end in (i, r)]
    checks = ends.policy.checks_public
    keyed = i.peer_public.ne("none") & r.peer_public.ne("none")
    return Always(checks.implies(none[0] & none[1]), checks & keyed)


@promise("R3 R7")
def initiator_goes_by_the_answer(ike: Ike) -> Always:
    """The transform that an initiator uses is the one that the responder chose, before anything has
    been authenticated.

    Exception: the attacker alters or forges.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    same = (~i.chosen.is_none).implies(i.chosen.eq(r.chosen))
    return Always(same, ~i.chosen.is_none, ends.attacker.alters | ends.attacker.forges)


@promise("R7")
def alternatives_are_named_once(ike: Ike) -> Whenever:
    """A responder names alternatives once, before it has chosen, if its profile names them, and only
    upon a first offer of which it accepts nothing in an exchange that it looks at.

    No exceptions: an altered offer is one that it accepts nothing of.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p, mm1 = ends.policy, Message(ike.spec.groups["mm1"])
    named = Message(ike.spec.groups["alternatives"])
    none = mm1.altered | ends.none_acceptable(mm1.round)
    looks = p.takes_exchange("main") | ~p.exchange_checked_first
    asked = mm1.sent & mm1.round.eq(0) & none & looks
    claim = r.state.eq("idle") & asked & p.names_alternatives & ~named.sent
    return Whenever(named.sent & ~named.forged, claim)


@promise("R7")
def alternatives_are_taken_by_policy(ike: Ike) -> Whenever:
    """An initiator takes up alternatives that the responder named only if its profile does so, in its
    first round, and only if its own policy allows one of them.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    named = Message(ike.spec.groups["alternatives"])
    first = i.state.eq("awaits_mm2") & i.round.eq(0) & named.sent & ~named.forged
    return Whenever(i.round.eq(1), first & ends.policy.reoffers & ~ends.nothing_in_common)


@promise("R7")
def forged_alternatives_add_what_is_allowed(ike: Ike) -> Whenever:
    """An initiator takes up alternatives that an attacker named only if its profile does so, in its
    first round, and only if its own policy allows one of them: he cannot make it offer a third time.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    p, named = ends.policy, Message(ike.spec.groups["alternatives"])
    allowed = some(p.transform, lambda u: p.allows(u) & ends.attacker.names(u))
    first = i.state.eq("awaits_mm2") & i.round.eq(0) & named.sent & named.forged
    return Whenever(i.round.eq(2), first & p.reoffers & allowed)


@promise("R7")
def an_unaltered_offer_is_the_current_one(ike: Ike) -> Always:
    """An offer of Main Mode that nobody has altered is the initiator's, of the round that it is in.

    No exceptions: every attacker switch is on.
    """
    i, mm1 = ike.phase1.initiator, Message(ike.spec.groups["mm1"])
    own = mm1.sent & ~mm1.altered
    return Always(own.implies(i.state.ne("idle") & mm1.round.eq(i.round)), own & i.round.ne(0))


@promise("R8")
def heard_means_something_came(ike: Ike) -> Always:
    """An initiator has heard from its peer exactly if something has come back: an answer that it took, a
    refusal that it believed or doubted, alternatives.

    No exceptions: every attacker switch is on; what came may be forged.
    """
    i = ike.phase1.initiator
    names = ("mm2", "am2", "alternatives", "no_proposal", "am_refusal")
    came = Message(ike.spec.groups["am1"]).sent & ike.phase1.attacker.forges
    for name in names:
        came = came | Message(ike.spec.groups[name]).sent
    taken = ~i.chosen.is_none | i.round.ne(0)
    refused = i.state.eq("failed") & i.reason.ne("timeout")
    claim = i.heard.implies(came) & (taken | refused).implies(i.heard)
    return Always(claim, i.heard)


@promise("R5 R8")
def doubt_is_noted(ike: Ike) -> Whenever:
    """An initiator notes that it has heard from its peer only while it waits for the first answer, and
    only upon something that came.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    main = all_sent(ike, "mm2") | all_sent(ike, "alternatives") | all_sent(ike, "no_proposal")
    aggressive = all_sent(ike, "am2") | all_sent(ike, "am_refusal")
    forged = all_sent(ike, "am1") & ends.attacker.forges
    came = (i.state.eq("awaits_mm2") & main) | (i.state.eq("awaits_am2") & (aggressive | forged))
    return Whenever(i.heard, came)


@promise("R14")
def negotiation_messages_say_what_is_held(ike: Ike) -> Always:
    """Messages 1 and 2 of a negotiation carry the SPI, and message 2 the transform, that their sender
    holds; message 2 a public value exactly where that transform has PFS.

    Exception: the attacker knows the keys of Phase I.
    """
    two = ike.phase2
    s, a = two.starter, two.answerer
    qm1, qm2 = (Message(ike.spec.groups[name])[two.n] for name in ("qm1", "qm2"))
    pfs = some(two.policy.protection, lambda u: a.chosen.eq(u) & two.policy.pfs(u))
    public = qm2.public.eq(ite(pfs, lift("answerer", QUICK_PUBLIC), "none"))
    claim = (
        qm1.sent.implies(qm1.spi.eq(s.spi) & s.state.ne("idle"))
        & qm2.sent.implies(qm2.spi.eq(a.spi) & qm2.transform.eq(a.chosen) & public)
        & a.state.eq("awaits_qm3").implies(a.peer_spi.eq(qm1.spi))
    )
    return Always(claim, qm2.sent, phase1_open(ike.phase1))


@promise("R3")
def no_empty_offer(ike: Ike) -> Always:
    """An initiator begins only if its policy offers something.

    No exceptions: every attacker switch is on.
    """
    p, i = ike.phase1.policy, ike.phase1.initiator
    begun = i.state.ne("idle")
    return Always(begun.implies(some(p.transform, p.offers)), begun)


@promise("R3")
def responder_goes_by_its_policy(ike: Ike) -> Always:
    """A responder chooses only what its policy accepts, and begins only an exchange that it supports: in
    Aggressive Mode one that its policy accepts, in Main Mode one that its policy accepts, or whose kind
    it checks later, with the identity.

    No exceptions: every attacker switch is on.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p = ends.policy
    accepted = every(p.transform, lambda u: r.chosen.eq(u).implies(ends.acceptable(u)))
    looks = p.takes_exchange("main") | ~p.exchange_checked_first
    claim = accepted & r.state.one_of("awaits_mm3", "awaits_mm5").implies(looks)
    claim = claim & r.state.eq("awaits_am3").implies(p.takes_exchange("aggressive"))
    return Always(claim, ~r.chosen.is_none)


@promise("R5 R7")
def who_waits_on_doubts(ike: Ike) -> Always:
    """An initiator that has heard from its peer, and still waits for the answer to its first offer, doubts
    refusals in clear: one that believes them has stopped.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    waits = ends.awaits_first_answer & i.heard & i.round.eq(0)
    return Always(waits.implies(~ends.policy.believes_refusals), waits)


@promise("R7")
def an_aggressive_answer_is_taken_as_it_is(ike: Ike) -> Whenever:
    """An initiator that takes an Aggressive Mode answer for the responder's uses the transform that
    it names: when the two differ, it has not just been taken.

    No exceptions: every attacker switch is on; overwriting the answer later changes nothing.
    """
    i, am2 = ike.phase1.initiator, Message(ike.spec.groups["am2"])
    taken = i.peer.eq("responder") & ike.phase1.policy.exchange.eq("aggressive")
    return Whenever(taken & i.chosen.ne(am2.transform), ~i.state.eq("awaits_am2"))


@promise("R15")
def who_answers_again_waits(ike: Ike) -> Whenever:
    """An answerer begins to answer message 1 again only while it waits for message 3.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    a = ike.phase2.answerer
    return Whenever(a.answers > 0, a.state.eq("awaits_qm3"))


@promise("R7 R8")
def what_is_not_sent_says_nothing(ike: Ike) -> Always:
    """A message that nobody has sent has no contents: an attacker can alter only messages that exist,
    and forges whole ones.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    n, claims = ike.phase2.n, []
    for group in ike.spec.groups.values():
        if group.message:
            message = Message(group, n if group.domain else None)
            contents = [item for item in group.fields if item.name != "sent"]
            claims += [message.sent | getattr(message, f.name).eq(f.initial) for f in contents]
    return Always(conjunction(*claims), any_sent(ike, "mm1") & ~any_sent(ike, "mm2"))
