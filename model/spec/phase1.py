"""Phase I: its two ends, and what may be said of them (RFC 2409 section 5; R2 to R7).

States are named after what is awaited. The actions are in `main_mode` and `aggressive`.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.choice import wins
from model.language.sorts import Enum, Int, Maybe
from model.language.specification import Guard, Message, Record, Specification, guard
from model.language.terms import Term, every, ite, lift, param
from model.spec.parameters import PUBLIC, REASON, Phase1Policy

INITIATOR_STATE = Enum(
    "InitiatorState",
    ("idle", "awaits_mm2", "awaits_mm4", "awaits_mm6", "awaits_am2", "established", "failed"),
)
RESPONDER_STATE = Enum(
    "ResponderState",
    ("idle", "awaits_mm3", "awaits_mm5", "awaits_am3", "established", "failed"),
)


@dataclass(frozen=True)
class Phase1:
    """The two ends of Phase I, and the policy they act on."""

    policy: Phase1Policy
    initiator: Record
    responder: Record
    t: Term

    def offered(self, transform: Term, round_: Term) -> Term:
        """Whether it is in the offer of that round; a second offer keeps all of the first (R7)."""
        anew = self.policy.allows(transform) & self.policy.accepts(transform)
        return self.policy.offers(transform) | (round_.eq(1) & anew)

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

    @property
    def nothing_in_common(self) -> Term:
        """Whether the initiator's policy allows nothing that the responder accepts."""
        p = self.policy
        return every(p.transform, lambda u: ~(p.allows(u) & self.acceptable(u)))

    def method(self, name: str) -> Term:
        """Whether the transform `t` is authenticated so."""
        return self.policy.method(self.t).eq(name)

    @property
    def keys_agree(self) -> Term:
        """Whether both ends hold the same SKEYID: each has the other's public value, one suite, and
        with pre-shared keys one secret (RFC 2409 section 5)."""
        p, i, r = self.policy, self.initiator, self.responder
        secret = ~self.method("pre_shared_key") | p.secrets_agree
        return (
            i.chosen.eq(self.t)
            & r.chosen.eq(self.t)
            & i.peer_public.eq("responder")
            & r.peer_public.eq("initiator")
            & secret
        )

    def proves(self, role: str) -> Term:
        """Whether what this end shows satisfies the other; a pre-shared key itself is in the keys."""
        return self.policy.credential_holds(role, self.policy.method(self.t))

    def refusal_of(self, role: str) -> Term:
        """Why the other end does not accept this one's authentication; `none` if it does."""
        p = self.policy
        why: Term = ite(self.proves(role), lift("none", REASON), "certificate")
        if role == "initiator":
            why = ite(p.takes_method(p.method(self.t)), why, "auth_method")
            why = ite(p.takes_exchange, why, "exchange_mode")
        why = ite(p.identity_accepted(role), why, "identity")
        return ite(self.keys_agree, why, "psk")


def awaits(end: Record, state: str) -> Guard:
    """A guard: this end is in a state."""
    who = end.state.data[0]
    return guard(
        f"in_{state}", end.state.eq(state), f"the {who} is not in state {state}", "RFC 2409 5"
    )


def its_choice(end: Record, transform: Term) -> Guard:
    """A guard: this is the transform that this end goes by."""
    return guard("its_choice", end.chosen.eq(transform), "it chose another transform", "RFC 2409 5")


def the_answer(message: Message, transform: Term) -> Guard:
    """A guard: this is the transform that a message names."""
    why = "the answer names another transform"
    return guard("the_answer", message.transform.eq(transform), why, "RFC 2408 4.2")


def phase1(spec: Specification, policy: Phase1Policy) -> Phase1:
    """Declare the two ends."""
    maybe = Maybe(policy.transform)
    return Phase1(
        policy,
        spec.record(
            "initiator",
            "The peer that sends the first message of Phase I.",
            state=INITIATOR_STATE,
            round=Int(0, 1),
            chosen=(maybe, None),
            peer_public=PUBLIC,
            reason=REASON,
        ),
        spec.record(
            "responder",
            "The peer that answers.",
            state=RESPONDER_STATE,
            chosen=(maybe, None),
            peer_public=PUBLIC,
            reason=REASON,
        ),
        param("t", policy.transform),
    )
