"""Phase I: its two ends, and what may be said of them (RFC 2409 section 5; R2 to R9).

States are named after what is awaited. The actions are in `offers`, `main_mode`, `aggressive`, `clock`
and `attacker`. Two honest ends and an outsider: what needs a third identity is not in here.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.language.sorts import BOOL, TIMER, Enum, Int, Maybe
from model.language.specification import Guard, Record, Specification, ghost, guard, urgent_timer
from model.language.terms import Term, arm, every, ite, lift, minimum, param, some, times
from model.spec.parameters import (
    MAX_RESENDS,
    MAX_SERVED,
    PARTY,
    PUBLIC,
    REASON,
    ROUND,
    Attacker,
    Phase1Policy,
    Timing,
)
from model.winning import wins

INITIATOR_STATE = Enum(
    "InitiatorState",
    (
        "idle",
        "awaits_mm2",
        "awaits_mm4",
        "awaits_mm6",
        "awaits_am2",
        "established",
        "failed",
        "clear",
        "ended",
    ),
)
RESPONDER_STATE = Enum(
    "ResponderState",
    ("idle", "awaits_mm3", "awaits_mm5", "awaits_am3", "established", "failed", "ended"),
)
#: what ended a Phase I SA at an end: its lifetime, somebody's wish, the peer's Delete, one that an attacker
#: made in the peer's name, or silence in a later negotiation of Phase II
ENDED_BY = Enum("EndedBy", ("none", "lifetime", "demand", "peer", "impostor", "silence"))
_COUNT = Int(0, MAX_RESENDS)
_SERVED = Int(0, MAX_SERVED)


@dataclass(frozen=True)
class Phase1:
    """The two ends of Phase I, and what they act on."""

    policy: Phase1Policy
    timing: Timing
    attacker: Attacker
    initiator: Record
    responder: Record
    flood: Record
    t: Term

    # ---- offers
    def offered(self, transform: Term, round_: Term) -> Term:
        """Whether it is in the offer of that round; a later offer keeps all of the first (R7)."""
        p = self.policy
        anew = round_.eq(1) & p.accepts(transform) | round_.eq(2) & self.attacker.names(transform)
        return p.offers(transform) | (p.allows(transform) & anew)

    def chosen(self, transform: Term, round_: Term) -> Term:
        """Whether the responder chooses it from the offer of that round."""
        return wins(
            transform,
            offered=lambda u: self.offered(u, round_),
            accepted=self.acceptable,
            offer_rank=self.policy.offer_rank,
            accept_rank=self.policy.accept_rank,
            prefers_own=self.policy.prefers_own,
        )

    def acceptable(self, transform: Term) -> Term:
        """Whether the responder accepts it in message 2; the method only where checked first."""
        p = self.policy
        method = p.takes_method(p.method(transform)) | ~p.exchange_checked_first
        return p.accepts(transform) & method

    def none_acceptable(self, round_: Term) -> Term:
        """Whether the responder accepts nothing in the offer of that round."""
        return every(
            self.policy.transform, lambda u: ~(self.offered(u, round_) & self.acceptable(u))
        )

    def why_none(self, round_: Term) -> Term:
        """Why nothing is acceptable: the algorithms, or only the authentication method."""
        p = self.policy
        algorithms = every(p.transform, lambda u: ~(self.offered(u, round_) & p.accepts(u)))
        return ite(algorithms, lift("proposal", REASON), "auth_method")

    def names_kerberos(self, round_: Term) -> Term:
        """Whether the offer of that round has Kerberos in it, and with it a name or a ticket (R6)."""
        p = self.policy
        return some(p.transform, lambda u: self.offered(u, round_) & p.method(u).eq("kerberos"))

    def told_otherwise(self, answer: Record) -> Term:
        """Whether an answer has another lifetime than the responder gave it, and that is noticed."""
        return answer.life_altered & self.policy.compares_lifetimes

    @property
    def nothing_in_common(self) -> Term:
        """Whether the initiator's policy allows nothing that the responder accepts."""
        p = self.policy
        return every(p.transform, lambda u: ~(p.allows(u) & self.acceptable(u)))

    def method(self, name: str) -> Term:
        """Whether the transform `t` is authenticated so."""
        return self.policy.method(self.t).eq(name)

    # ---- keys and proofs
    @property
    def keys_agree(self) -> Term:
        """Whether both ends hold the same SKEYID: one suite, one Diffie-Hellman secret, and with
        pre-shared keys one secret (RFC 2409 section 5)."""
        p, i, r = self.policy, self.initiator, self.responder
        secret = ~self.method("pre_shared_key") | p.secrets_agree
        each_others = i.peer_public.eq("responder") & r.peer_public.eq("initiator")
        degenerate = i.peer_public.eq("degenerate") & r.peer_public.eq("degenerate")
        return i.chosen.eq(self.t) & r.chosen.eq(self.t) & (each_others | degenerate) & secret

    @property
    def hash_agrees(self) -> Term:
        """Whether HASH_I and HASH_R verify: what they cover is the same at both ends, which is the
        keys, both public values and the offer SAi_b."""
        i, r = self.initiator, self.responder
        publics = i.peer_public.eq("responder") & r.peer_public.eq("initiator")
        return self.keys_agree & publics & self.offers_agree

    @property
    def offers_agree(self) -> Term:
        """Whether SAi_b is the same at both ends: unaltered, and of the same round."""
        return self.responder.offer_intact & self.responder.round.eq(self.initiator.round)

    @property
    def shared(self) -> Term:
        """Whether both ends hold keys from each other's public values, whatever the transform."""
        i, r = self.initiator, self.responder
        each_others = i.peer_public.eq("responder") & r.peer_public.eq("initiator")
        return self._alike & each_others

    @property
    def _alike(self) -> Term:
        """Whether both use one transform, and have one pre-shared key where that is the method."""
        p, i, r = self.policy, self.initiator, self.responder
        return some(
            p.transform,
            lambda u: (
                i.chosen.eq(u)
                & r.chosen.eq(u)
                & p.method(u).eq("pre_shared_key").implies(p.secrets_agree)
            ),
        )

    @property
    def same_keys(self) -> Term:
        """Whether what one end protects the other can read: `keys_agree`, whatever the transform."""
        i, r = self.initiator, self.responder
        degenerate = i.peer_public.eq("degenerate") & r.peer_public.eq("degenerate")
        each_others = i.peer_public.eq("responder") & r.peer_public.eq("initiator")
        return self._alike & (each_others | degenerate)

    def proves(self, role: str) -> Term:
        """Whether what this end shows satisfies the other; a pre-shared key itself is in the keys."""
        return self.policy.credential_holds(role, self.policy.method(self.t))

    def refusal_of(self, role: str) -> Term:
        """Why the other end does not accept this one's authentication; `none` if it does."""
        p = self.policy
        why: Term = ite(self.proves(role), lift("none", REASON), "certificate")
        if role == "initiator":
            why = ite(p.takes_method(p.method(self.t)), why, "auth_method")
            why = ite(p.takes_exchange("main"), why, "exchange_mode")
        why = ite(p.identity_accepted(role), why, "identity")
        why = ite(self.hash_agrees, why, "tampered")
        return ite(self.keys_agree, why, "psk")

    # ---- time
    @property
    def soon(self) -> Term:
        """The initiator's next act: a resend, after the interval."""
        return arm(self.timing.interval + self.timing.slack)

    @property
    def span(self) -> Term:
        """How long one message may be waited for: its resends and the brief interval after them."""
        each = self.timing.interval + self.timing.slack
        brief = self.timing.brief + self.timing.slack
        return times(self.timing.resends, each) + each + brief

    def sends_next(self, state: str) -> dict[Term, object]:
        """Updates of the initiator when it sends a message of its own and waits for the next."""
        i = self.initiator
        return {i.state: state, i.due: self.soon, i.tries: 0, i.budget: arm(self.span)}

    def stops(self, state: str, reason: object = "none") -> dict[Term, object]:
        """Updates of the initiator when it waits for nothing any more."""
        i = self.initiator
        return {i.state: state, i.reason: reason, i.due: None, i.budget: None}

    def refuses(self, reason: object) -> dict[Term, object]:
        """Updates of the responder when it gives an exchange up."""
        r = self.responder
        return {r.state: "failed", r.reason: reason, r.half_open: None}

    def stands(self, role: str, altered: Term | None = None) -> dict[Term, object]:
        """Updates of an end for which Phase I is up from now on.

        altered   whether the lifetime in the answer is an attacker's (initiator only)
        """
        end, life = self.end(role), self.timing.life(role)
        waits = self.initiator.due if role == "initiator" else self.responder.half_open
        if role == "initiator":
            told = self.initiator.life_altered if altered is None else altered
            shorter = minimum(life, self.timing.altered_life)
            life = ite(told & self.policy.takes_shorter, shorter, life)
        updates: dict[Term, object] = {end.state: "established", waits: None}
        updates[end.life] = arm(life + self.timing.slack)
        updates[end.since_keys] = arm(self.timing.horizon)
        return updates | ({end.budget: None} if role == "initiator" else {})

    def ends(self, role: str, by: str, *, renew: bool = False) -> dict[Term, object]:
        """Updates of an end at which Phase I ends.

        by      what ends it, of ENDED_BY     renew   it is negotiated again at once (R15, R17)
        """
        end = self.end(role)
        updates: dict[Term, object] = {end.state: "ended", end.life: None, end.ended_by: by}
        updates[end.since_end] = arm(self.timing.horizon)
        return updates | ({end.renew: arm(self.timing.slack)} if renew else {})

    def live(self, role: str) -> Term:
        """Whether Phase I is up at that end and its lifetime is not over: it may still be used."""
        end = self.end(role)
        return end.state.eq("established") & (end.life.left > self.timing.slack)

    def end(self, role: str) -> Record:
        """The end of that role."""
        return self.initiator if role == "initiator" else self.responder

    @property
    def half_open(self) -> Term:
        """Whether the exchange takes a place among the responder's half-open ones."""
        return self.responder.state.one_of("awaits_mm3", "awaits_mm5", "awaits_am3")

    @property
    def awaits_first_answer(self) -> Term:
        """Whether the initiator waits for the answer to its first message."""
        return self.initiator.state.one_of("awaits_mm2", "awaits_am2")

    @property
    def awaits_later_answer(self) -> Term:
        """Whether the initiator waits for a later answer."""
        return self.initiator.state.one_of("awaits_mm4", "awaits_mm6")


def awaits(end: Record, state: str) -> Guard:
    """A guard: this end is in a state."""
    who = end.state.data[0]
    return guard(
        f"in_{state}", end.state.eq(state), f"the {who} is not in state {state}", "RFC 2409 5"
    )


def its_choice(end: Record, transform: Term) -> Guard:
    """A guard: this is the transform that this end uses."""
    return guard("its_choice", end.chosen.eq(transform), "it chose another transform", "RFC 2409 5")


def the_answer(message: Record, transform: Term) -> Guard:
    """A guard: this is the transform that a message names."""
    why = "the answer names another transform"
    return guard("the_answer", message.transform.eq(transform), why, "RFC 2408 4.2")


def room(ends: Phase1) -> Guard:
    """A guard: there is a place for one more half-open exchange."""
    free = ends.flood.others < ends.timing.half_open_limit
    return guard("room", free, "too many exchanges are half open", "R9")


def _sa() -> dict[str, object]:
    """What either end keeps of the Phase I SA itself."""
    return {
        "life": urgent_timer(),
        "served": _SERVED,
        "renew": urgent_timer(),
        "renewed": ghost(BOOL),
        "ended_by": ghost(ENDED_BY),
        "since_keys": ghost(TIMER),
        "since_end": ghost(TIMER),
    }


def phase1(spec: Specification, policy: Phase1Policy, timing: Timing, attacker: Attacker) -> Phase1:
    """Declare the two ends.

    due      the initiator's next act while it waits        heard   something came back from the peer
    last     its last resend is out: the brief interval     life    the lifetime of the SA
    budget   (ghost) the most that it may wait for this answer
    served   negotiations of Phase II completed under the SA at this end
    renew    Phase I is to be negotiated again before it ends
    renewed  (ghost) the next exchange has begun     ended_by   (ghost) what ended the SA
    since_keys, since_end   (ghost) stopwatches, `horizon` when they start: since the SA is up, since
             it ended; since_clear: since packets may go in clear
    life_altered   the lifetime in the answer is an attacker's
    peer     (ghost) who it really is that an end has authenticated
    named    (ghost) an offer with Kerberos, and so its name, has gone out in clear
    in_clear (ghost) the responder has shown identity and HASH_R in Aggressive Mode
    """
    maybe = Maybe(policy.transform)
    return Phase1(
        policy,
        timing,
        attacker,
        spec.record(
            "initiator",
            "The peer that sends the first message of Phase I.",
            state=INITIATOR_STATE,
            round=ROUND,
            chosen=(maybe, None),
            peer_public=PUBLIC,
            reason=REASON,
            tries=_COUNT,
            last=BOOL,
            heard=BOOL,
            due=urgent_timer(),
            life_altered=BOOL,
            budget=ghost(TIMER),
            since_clear=ghost(TIMER),
            peer=ghost(PARTY),
            named=ghost(BOOL),
            **_sa(),
        ),
        spec.record(
            "responder",
            "The peer that answers.",
            state=RESPONDER_STATE,
            chosen=(maybe, None),
            peer_public=PUBLIC,
            offer_intact=(BOOL, True),
            round=ROUND,
            reason=REASON,
            answers=_COUNT,
            half_open=urgent_timer(),
            peer=ghost(PARTY),
            in_clear=ghost(BOOL),
            **_sa(),
        ),
        spec.record(
            "flood",
            "The responder's other half-open exchanges: how many there are.",
            others=Int(0, 65535),
        ),
        param("t", policy.transform),
    )
