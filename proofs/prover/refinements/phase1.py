"""One exchange of Phase I of the machine `ike` in the place of an exchange of the machine `flow`.

`flow` knows of an exchange what its ends can tell: that nothing came back, that an answer is under way
or was heard, that Phase I is up. `ike` knows its messages, keys and timers. What the managers of `flow`
hold besides (requests, soft SAs, what stands of the exchange of the other direction) is the caller's:
the steps that read or write it are joint. `ike` follows one exchange: the next begins as another.

Without a compromise, under all of which either end may establish Phase I with the attacker; with every
other power of his. Of the answering end's `answers` nothing is assumed: `ike` lets a peer be silent.
"""

from __future__ import annotations

from model.language.terms import FALSE, TRUE, Term, ite, lift, some
from model.spec import machine
from model.spec.clock import answer_under_way
from model.spec.flow import flow
from model.spec.flow_ends import NEGOTIATION, End
from model.spec.parameters import ROLE
from proofs.prover.proving import everything
from proofs.prover.refinement import Accepts, Is, Simulation, refinement

_INITIATOR = {"role": lift("initiator", ROLE)}
_RESPONDER = {"role": lift("responder", ROLE)}


@refinement("R8 R15 R17 R18", of="ike", to="flow")
def phase1_is_the_exchange_that_a_started() -> Simulation:
    """An exchange of Phase I, message by message, does what the flow assumes of the exchange that end a
    started: it meets silence, is answered, fails, is established at one end and then at the other, and
    ends at each end by itself or upon the peer's Delete.

    Assumed: the managers start, fall back and end Phase I as their own guards say. Guaranteed: what is
    promised of the flow holds with this exchange. Not circular: a request to start is taken whenever
    the exchange is new and there is something to offer.
    """
    return _exchange(flow().a, flow().b)


@refinement("R8 R15 R17 R18", of="ike", to="flow")
def phase1_is_the_exchange_that_b_started() -> Simulation:
    """An exchange of Phase I, message by message, does what the flow assumes of the exchange that end b
    started: also while a's is under way.

    Assumed, guaranteed, and why it is not circular: as for the exchange that a started.
    """
    return _exchange(flow().b, flow().a)


def _exchange(own: End, peer: End) -> Simulation:
    ike, x, ends = machine(), own.started, machine().phase1
    steps = {**_answers(own), **_goes_on(own), **_ends(own, peer)}
    begin, idle = f"{own.name}.negotiate", ends.initiator.state.eq("idle")
    something = some(ends.policy.transform, ends.policy.offers)
    offers = {"phase1.offer": "main", "aggressive.offer": "aggressive"}
    return Simulation(
        ike.spec,
        flow().spec,
        everything("ike"),
        {
            x.initiator_state: _state(),
            x.open: ends.initiator.heard & ~ends.responder.state.one_of("established", "ended"),
            x.responder_up: ends.responder.state.eq("established"),
            x.stale: FALSE,
        },
        steps,
        {
            own.policy.drops: ends.attacker.drops,
            own.policy.forges: ends.attacker.forges,
            own.policy.answers(peer.name): FALSE,
            own.policy.falls_back(own.name): ends.policy.falls_back,
            own.policy.session_ends_phase1(own.name): TRUE,
            own.policy.session_ends_phase1(peer.name): TRUE,
        },
        joint=frozenset(steps) - frozenset(_answers(own)),
        accepts=[
            Accepts(
                begin,
                action,
                when=x.initiator_state.eq("none"),
                unless=~idle | ~something | ends.policy.exchange.ne(exchange),
            )
            for action, exchange in offers.items()
        ],
        caller=everything("flow"),
        assuming=[
            ~ends.attacker.knows_secret,
            ~ends.attacker.holds_certificate,
            ~ends.attacker.holds_ticket,
            ~ends.attacker.breaks_group,
        ],
    )


def _state() -> Term:
    """What an exchange is to the end that started it. Where answers may be forged one that was sent says
    nothing more: the initiator takes what comes first."""
    ends, i = machine().phase1, machine().phase1.initiator
    sent = answer_under_way(machine().spec, ends)
    first = ends.awaits_first_answer & ~i.heard
    state = ite(i.state.eq("established"), lift("up", NEGOTIATION), "none")
    state = ite(
        ends.awaits_first_answer | ends.awaits_later_answer, lift("heard", NEGOTIATION), state
    )
    state = ite(first, lift("waits", NEGOTIATION), state)
    return ite(first & sent & ~ends.attacker.forges, lift("under_way", NEGOTIATION), state)


def _answers(own: End) -> dict[str, list[Is]]:
    """What the responder does of itself."""
    answered = [Is(f"{own.name}.is_answered")]
    names = ("phase1.accept", "phase1.name_alternatives", "phase1.refuse")
    aggressive = ("aggressive.answer", "aggressive.refuse", "aggressive.refuse_offer")
    return dict.fromkeys((*names, *aggressive), answered)


def _goes_on(own: End) -> dict[str, list[Is]]:
    """From the first message to Phase I."""
    starts = [Is(f"{own.name}.negotiate")]
    hears, stands = Is(f"{own.name}.hears"), [Is(f"{own.name}.authenticates")]
    refused, fails = Is(f"{own.name}.is_refused"), Is(f"{own.name}.gives_up")
    named: dict[str, list[Is]] = {"phase1.offer": starts, "aggressive.offer": starts}
    for name in ("take_answer", "offer_anew", "doubt_refusal"):
        named[f"phase1.{name}"] = [hears]
    named["aggressive.doubt_refusal"] = [hears]
    # The first answer may come after one that was doubted, or after alternatives.
    for name in ("phase1.give_up", "phase1.refuse_answer", "aggressive.reject_responder"):
        named[name] = [refused, fails]
    named["aggressive.hear_refusal"] = [refused]
    failing = ("hear_refusal", "believe_refusal", "reject_responder", "initiator_lacks_secret")
    for name in (*failing, "time_out"):
        named[f"phase1.{name}"] = [fails]
    for exchange in ("phase1", "aggressive"):
        named[f"{exchange}.authenticate_responder"] = stands
        named[f"{exchange}.authenticate_initiator"] = [Is(f"{own.name}.is_authenticated")]
    named["phase1.fall_back"] = [Is(f"{own.name}.fall_back")]
    return named


def _ends(own: End, peer: End) -> dict[str, list[Is]]:
    """How Phase I ends at either end."""
    named = {}
    for role, end, given in (("initiator", own, _INITIATOR), ("responder", peer, _RESPONDER)):
        lifetime, delete = Is(f"{end.name}.lifetime", given), Is(f"{end.name}.end_phase1", given)
        named[f"phase1.{role}_expires"] = [lifetime]
        named[f"phase1.{role}_deletes"] = [delete, Is(f"{end.name}.rekey")]
        named[f"phase1.{role}_hears_delete"] = [Is(f"{end.name}.hears_delete", given)]
        named[f"quick.time_out_under_{role}"] = [Is(f"{end.name}.late_timeout")]
    return named
