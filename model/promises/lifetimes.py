"""How long SAs are up, how many there are, and what one secret opens (R12, R16 to R20)."""

from __future__ import annotations

from model.language.specification import Record
from model.language.terms import Term, conjunction, disjunction, ite
from model.promises import Always, Whenever, any_sent, promise
from model.promises.sharing import answering, known_to_the_attacker, opened, with_the_peer
from model.spec import Ike
from model.spec.driver_ends import stands_alone


def _ends(ike: Ike) -> tuple[tuple[Record, Term], tuple[Record, Term]]:
    """The pair of SAs at each end of the negotiation, the starter's first, and the role of that end in
    Phase I."""
    two = ike.phase2
    starters = ike.driver.starter[two.n], two.starter.role
    return starters, (ike.driver.answerer[two.n], two.answering_role)


def _of(ike: Ike, role: Term, field: str) -> Term:
    """A field of the Phase I end of that role; a timer as the time it has left."""
    found = [getattr(end, field) for end in (ike.phase1.initiator, ike.phase1.responder)]
    return ite(role.eq("initiator"), found[0], found[1])


def _left(ike: Ike, role: Term, field: str) -> Term:
    found = [getattr(end, field).left for end in (ike.phase1.initiator, ike.phase1.responder)]
    return ite(role.eq("initiator"), found[0], found[1])


def _running(ike: Ike, role: Term, field: str) -> Term:
    found = [getattr(end, field).running for end in (ike.phase1.initiator, ike.phase1.responder)]
    return ite(role.eq("initiator"), found[0], found[1])


def _untimed(ike: Ike) -> Term:
    """Whether SAs of this negotiation have no lifetime in seconds at one of their ends."""
    two = ike.phase2
    return disjunction(*(~two.policy.timed(two.starter.role, role) for _, role in _ends(ike)))


def _lasts(ike: Ike, role: Term) -> Term:
    """The lifetime of an SA at that end, with the slack of its expiry."""
    two = ike.phase2
    return two.policy.life(two.starter.role, role) + two.parent.timing.slack


@promise("R20")
def overlap_is_bounded(ike: Ike) -> Always:
    """At each end an SA outlives its Phase I SA by at most its own lifetime plus the slack of its expiry,
    however Phase I ended there. If the profile ends SAs together with Phase I, it does not outlive it.

    Exception: it has no lifetime in seconds (one in bytes only): then there is no bound. Measured by a
    stopwatch since Phase I ended at that end: what it shows, and what is left of the SA, are together
    no more than the bound.
    """
    two, horizon = ike.phase2, ike.phase1.timing.horizon
    claims = []
    for pair, role in _ends(ike):
        alone = stands_alone(two.policy, two.parent, pair, role)
        measured = alone & _running(ike, role, "since_end")
        bound = _lasts(ike, role) + _left(ike, role, "since_end")
        claims.append(measured.implies(pair.hard.left + horizon <= bound))
    first, role = _ends(ike)[0]
    alone = stands_alone(two.policy, two.parent, first, role)
    return Always(claims[0] & claims[1], alone & _running(ike, role, "since_end"), _untimed(ike))


@promise("R20")
def overlap_is_not_reached_by_lifetime(ike: Ike) -> Always:
    """Where a Phase I SA ended by its lifetime, or on demand, an SA outlives it by strictly less than
    its own lifetime and slack: nothing is made under a Phase I SA whose lifetime is over.

    Exception: it ended on demand, before its lifetime: an SA may have been made in that very moment, and the
    bound is reached. Or the SA has no lifetime in seconds.
    """
    two, horizon = ike.phase2, ike.phase1.timing.horizon
    claims, excused = [], [_untimed(ike)]
    for pair, role in _ends(ike):
        how = _of(ike, role, "ended_by")
        alone = stands_alone(two.policy, two.parent, pair, role)
        measured = alone & _running(ike, role, "since_end") & how.one_of("lifetime", "demand")
        bound = _lasts(ike, role) + _left(ike, role, "since_end")
        claims.append(measured.implies(pair.hard.left + horizon < bound))
        excused.append(alone & how.eq("demand"))
    first, role = _ends(ike)[0]
    alone = stands_alone(two.policy, two.parent, first, role)
    premise = alone & _running(ike, role, "since_end") & _of(ike, role, "ended_by").eq("lifetime")
    return Always(claims[0] & claims[1], premise, disjunction(*excused))


@promise("R12 R16 R20")
def exposure_is_bounded(ike: Ike) -> Always:
    """One Diffie-Hellman secret of Phase I opens traffic for a limited time: at each end an SA made with it
    is up no longer, from the establishment of Phase I there, than the lifetimes of both, each with its slack; where
    the profile has SAs end with Phase I, than that of Phase I.

    Exception: the SA has no lifetime in seconds. Both directions, whichever peer starts, with and without
    PFS. In bytes it is the limit of an SA, twice, for as many negotiations as phase1_serves_no_more_than_allowed
    allows.
    """
    timing, claims, standing = ike.phase1.timing, [], []
    for pair, role in _ends(ike):
        stands = pair.state.eq("installed") & _running(ike, role, "since_keys")
        with_phase1 = ike.phase2.policy.ends_with_phase1(role)
        phase1 = timing.life(role) + timing.slack + _left(ike, role, "since_keys")
        whole = pair.hard.left + timing.horizon <= phase1 + _lasts(ike, role)
        ended = _of(ike, role, "ended_by").ne("none")
        shorter = ended | (timing.horizon <= phase1)
        claims.append(stands.implies(ite(with_phase1, shorter, whole)))
        standing.append(stands)
    return Always(claims[0] & claims[1], standing[0] & standing[1], _untimed(ike))


@promise("R12 R16")
def phase1_serves_no_more_than_allowed(ike: Ike) -> Always:
    """At each end a Phase I SA serves at most as many Phase II negotiations as that end's policy allows;
    with master key PFS, one.

    No exceptions: every attacker switch is on; either end starts them, and any number runs at once.
    Only completed ones count: a resent message 1 does not use up the limit.
    """
    ends, limit = ike.phase1, ike.phase2.policy.limit
    i, r = ends.initiator, ends.responder
    within = (i.served <= limit("initiator")) & (r.served <= limit("responder"))
    return Always(within, i.served.eq(limit("initiator")))


@promise("R19")
def sas_live_their_lifetime(ike: Ike) -> Always:
    """An SA that is up has a lifetime that runs, no longer than the one in force at its end, or none in
    seconds; and time does not pass its end. One that has ended has none.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, claims, standing = ike.phase2, [], []
    for pair, role in _ends(ike):
        stands, timed = pair.state.eq("installed"), two.policy.timed(two.starter.role, role)
        claims.append(pair.hard.armed.eq(stands & timed))
        claims.append(pair.hard.left <= _lasts(ike, role))
        standing.append(stands)
    return Always(conjunction(*claims), standing[0] & standing[1])


def _ends_by_the_driver(ike: Ike, pair: Record, role: Term) -> Whenever:
    two = ike.phase2
    over = pair.hard.armed & (pair.hard.left <= two.parent.timing.slack)
    counted = two.policy.counted(two.starter.role, role)
    return Whenever(pair.state.eq("expired"), pair.state.eq("installed") & (over | counted))


@promise("R19")
def driver_alone_expires_the_starters_sas(ike: Ike) -> Whenever:
    """At the starter an SA expires only when its own lifetime is over, in seconds or, if it has a limit
    in bytes, when it has carried them: whatever becomes of Phase I, IKE expires none.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    return _ends_by_the_driver(ike, *_ends(ike)[0])


@promise("R19")
def driver_alone_expires_the_answerers_sas(ike: Ike) -> Whenever:
    """At the answerer an SA expires only when its own lifetime is over, in seconds or, if it has a limit
    in bytes, when it has carried them: whatever becomes of Phase I, IKE expires none.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    return _ends_by_the_driver(ike, *_ends(ike)[1])


def _deleted_under_phase1(ike: Ike, pair: Record, role: Term) -> Whenever:
    under = ike.phase2.phase1_stands(role) & pair.state.eq("installed")
    return Whenever(pair.state.eq("deleted"), under)


@promise("R14 R18")
def starters_sas_are_deleted_under_phase1(ike: Ike) -> Whenever:
    """At the starter SAs are deleted only under the Phase I SA: a Delete that comes when it has ended, or
    comes again, changes nothing.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    return _deleted_under_phase1(ike, *_ends(ike)[0])


@promise("R14 R18")
def answerers_sas_are_deleted_under_phase1(ike: Ike) -> Whenever:
    """At the answerer SAs are deleted only under the Phase I SA: a Delete that comes when it has ended, or
    comes again, changes nothing.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    return _deleted_under_phase1(ike, *_ends(ike)[1])


@promise("R18")
def deleted_sas_had_a_delete(ike: Ike) -> Always:
    """SAs are deleted if their end has sent a Delete for them; otherwise only if one has been sent under the keys
    of the Phase I SA: by the other end, or by an attacker who knows these keys.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    claims = []
    for (pair, role), (own, other) in zip(
        _ends(ike), (("starter", "answerer"), ("answerer", "starter")), strict=True
    ):
        sent = Record(ike.spec.groups[f"{own}_sa_delete"])[ike.phase2.n].sent
        heard = opened(ike, f"{other}_sa_delete", role)
        posed = opened(ike, f"posed_{other}_sa_delete", role)
        claims.append(pair.state.eq("deleted").implies(sent | heard | posed))
        claims.append(sent.implies(pair.state.eq("deleted")))
    return Always(conjunction(*claims), _ends(ike)[0][0].state.eq("deleted"))


@promise("R18")
def deleted_sas_were_deleted_by_a_peer(ike: Ike) -> Always:
    """SAs are deleted only where one of the two ends has sent a Delete for them, and the one at the other
    end only under keys that both hold, or that are its own: nobody else deletes them.

    Exception: the attacker knows the Phase I keys of an end. Any number of negotiations.
    """
    two, spec = ike.phase2, ike.spec
    sent = {
        end: Record(spec.groups[f"{end}_sa_delete"])[two.n].sent for end in ("starter", "answerer")
    }
    pairs = dict(zip(("starter", "answerer"), (pair for pair, _ in _ends(ike)), strict=True))
    claims, known = [], []
    for end, other in (("starter", "answerer"), ("answerer", "starter")):
        role = two.starter.role if end == "starter" else answering(ike)
        known.append(known_to_the_attacker(ike, role))
        told = sent[other] & with_the_peer(ike)
        claims.append(pairs[end].state.eq("deleted").implies(sent[end] | told))
    deleted = pairs["starter"].state.eq("deleted")
    return Always(conjunction(*claims), deleted, disjunction(*known))


@promise("R15")
def late_timeout_ends_phase1(ike: Ike) -> Always:
    """If the second or a later negotiation under a Phase I SA times out, the Phase I SA ends and Phase I is
    renegotiated at once: the next exchange begins within the slack of an act. SAs made under it stay up.

    No exceptions: every attacker switch is on; any number of negotiations. The second is the one that
    begins after one has been completed, started by either end.
    """
    s, slack = ike.phase2.starter, ike.phase1.timing.slack
    claims = []
    for name, end in (("initiator", ike.phase1.initiator), ("responder", ike.phase1.responder)):
        begun = (end.renew.armed & (end.renew.left <= slack)) | end.renewed
        gone = end.state.eq("ended") & any_sent(ike, f"{name}_delete")
        claims.append((s.late & s.role.eq(name)).implies(gone & begun))
    return Always(claims[0] & claims[1], s.late)


@promise("R17")
def a_reached_lifetime_renegotiates(ike: Ike) -> Always:
    """When a Phase I SA ends by its lifetime, or by silence in a later negotiation, Phase I is
    renegotiated: no time passes, beyond the slack of an act, before the next exchange, with fresh keys,
    has begun. Nothing else asks for one.

    No exceptions: every attacker switch is on.
    """
    slack, claims = ike.phase1.timing.slack, []
    ends = (ike.phase1.initiator, ike.phase1.responder)
    for end in ends:
        begun = (end.renew.armed & (end.renew.left <= slack)) | end.renewed
        renews = end.ended_by.one_of("lifetime", "silence")
        claims.append(renews.eq(begun) & (end.renew.armed | end.renewed).implies(begun))
        claims.append(~(end.renew.armed & end.renewed))
    return Always(conjunction(*claims), ends[0].renew.armed & ends[1].renewed)


@promise("R17")
def answered_lifetime_is_the_responders(ike: Ike) -> Always:
    """An initiator never establishes Phase I upon an answer whose lifetime somebody has altered.

    Exception: the attacker alters or forges and the initiator does not compare lifetimes: no hash covers the
    responder's answer, only the initiator's offer.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    up = i.state.eq("established")
    active = ends.attacker.alters | ends.attacker.forges
    unseen = active & ~ends.policy.compares_lifetimes
    return Always(up.implies(~i.life_altered), up, unseen)


@promise("R17")
def phase1_lives_its_lifetime(ike: Ike) -> Always:
    """At each end an established Phase I SA does not end by lifetime sooner than that end's policy says:
    what a stopwatch shows since it was established, and what is left, are together the whole of it.

    Exception: the lifetime in the answer was altered and the initiator takes the shorter one.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    horizon, slack, claims = ends.timing.horizon, ends.timing.slack, []
    for role, end in (("initiator", i), ("responder", r)):
        measured = end.state.eq("established") & end.since_keys.running
        whole = ends.timing.life(role) + slack + end.since_keys.left
        claims.append(measured.implies(whole <= end.life.left + horizon))
    up = i.state.eq("established") & r.state.eq("established") & i.since_keys.running
    return Always(claims[0] & claims[1], up, i.life_altered & ends.policy.takes_shorter)


@promise("R17")
def a_lifetime_is_over_when_it_ends_phase1(ike: Ike) -> Always:
    """Where a Phase I SA is said to have ended by its lifetime, the lifetime was over: see
    initiator_expires_in_time and responder_expires_in_time. Where it ended on demand, the policy of that
    end allows that; and what has not ended has not been ended by anything.

    No exceptions: every attacker switch is on.
    """
    ends, claims = ike.phase1, []
    for role in ("initiator", "responder"):
        end = ends.end(role)
        claims.append(end.ended_by.eq("demand").implies(ends.policy.deletes_early(role)))
        claims.append(end.ended_by.ne("none").eq(end.state.eq("ended")))
        claims.append(end.since_end.armed.eq(end.state.eq("ended")))
    return Always(conjunction(*claims), ends.initiator.ended_by.eq("demand"))


@promise("R17")
def initiator_expires_in_time(ike: Ike) -> Whenever:
    """An initiator ends Phase I by its lifetime only when that is over.

    No exceptions: every attacker switch is on.
    """
    i = ike.phase1.initiator
    over = i.life.armed & (i.life.left <= ike.phase1.timing.slack)
    return Whenever(i.ended_by.eq("lifetime"), over)


@promise("R17")
def responder_expires_in_time(ike: Ike) -> Whenever:
    """A responder ends Phase I by its lifetime only when that is over.

    No exceptions: every attacker switch is on.
    """
    r = ike.phase1.responder
    over = r.life.armed & (r.life.left <= ike.phase1.timing.slack)
    return Whenever(r.ended_by.eq("lifetime"), over)


@promise("R17 R20")
def phase1_is_timed_from_its_start(ike: Ike) -> Always:
    """At each end a stopwatch runs from the moment at which Phase I is established, and from none before:
    promises about the time since then refer to it.

    No exceptions: every attacker switch is on.
    """
    claims, ends = [], (ike.phase1.initiator, ike.phase1.responder)
    for end in ends:
        claims.append(end.state.one_of("established", "ended").eq(end.since_keys.armed))
    return Always(claims[0] & claims[1], ends[0].since_keys.armed & ends[1].since_keys.armed)


@promise("R15")
def initiator_renegotiates_after_one_served(ike: Ike) -> Whenever:
    """Silence in Phase II ends an initiator's Phase I SA only if that has served a negotiation at its end: the
    first that meets silence ends nothing.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    i = ike.phase1.initiator
    return Whenever(i.ended_by.eq("silence"), (i.served > 0) & i.state.eq("established"))


@promise("R15")
def responder_renegotiates_after_one_served(ike: Ike) -> Whenever:
    """Silence in Phase II ends a responder's Phase I SA only if that has served a negotiation at its end: the
    first that meets silence ends nothing.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    r = ike.phase1.responder
    return Whenever(r.ended_by.eq("silence"), (r.served > 0) & r.state.eq("established"))


@promise("R15")
def a_late_timeout_leaves_no_phase1(ike: Ike) -> Whenever:
    """In the step in which a negotiation times out, no Phase I SA is left at its end that has served
    one before: where both are the case, the negotiation had timed out before.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, s = ike.phase2, ike.phase2.starter
    served = two.served(s.role) > 0
    i, r = (end.state.eq("established") for end in (ike.phase1.initiator, ike.phase1.responder))
    stands = ite(s.role.eq("initiator"), i, r)
    return Whenever(s.reason.eq("timeout") & stands & served, s.state.ne("awaits_qm2"))
