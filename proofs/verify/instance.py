"""Two concrete policies as an instance of the specification (R3, R7, R10).

Offers become tables, transform by transform, and the specification chooses by itself. Credentials
(equal secrets, matching identities) become facts.
"""

from __future__ import annotations

from model.choice import MAX_RANK, Row, Table, on_the_wire, phase1_offer
from model.language.instance import Instance
from model.language.specification import Specification
from model.spec.agreeing import UNDISTURBED
from model.spec.parameters import MAX_SERVED
from model.vocabulary.outcomes import Outcome, Reason
from model.vocabulary.policy import Action, Peer
from model.vocabulary.profiles import Lifetimes, Phase2AtPhase1End
from model.vocabulary.suites import AuthMethod, Exchange, Phase1Suite, Phase2Suite
from proofs.verify import Judgement
from proofs.verify.bounds import in_force, negotiations
from proofs.verify.phase2 import ChildFacts
from proofs.verify.tables import phase1_against

NO_LIMIT = 2**31  # seconds: no policy states a longer lifetime

METHODS = {
    AuthMethod.PRE_SHARED_KEY: "pre_shared_key",
    AuthMethod.XAUTH_PRE_SHARED_KEY: "pre_shared_key",
    AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY: "pre_shared_key",
    AuthMethod.CERTIFICATE: "certificate",
    AuthMethod.XAUTH_CERTIFICATE: "certificate",
    AuthMethod.XAUTH_RESPONDER_CERTIFICATE: "certificate",
    AuthMethod.HYBRID: "certificate",
    AuthMethod.HYBRID_RESPONDER: "certificate",
    AuthMethod.KERBEROS: "kerberos",
}


def instance(
    spec: Specification,
    judgement: Judgement,
    initiator: Peer,
    responder: Peer,
    child: ChildFacts | None,
) -> Instance:
    """The instance for one direction, and for one child of the initiator (None: Phase I only)."""
    first = _phase1(judgement, initiator, responder)
    second = {**_phase2(child, responder), **_lifetimes(judgement, initiator, responder, child)}
    rows1: int = len(_table(judgement, initiator, responder).rows)
    rows2 = len(child.table.rows) if child is not None else 0
    sizes = {"transform": rows1, "protection": rows2, "negotiation": 1}
    return Instance.of(spec, sizes, {**first, **second})


def _table(judgement: Judgement, initiator: Peer, responder: Peer) -> Table[Phase1Suite]:
    """The offer against the responder, also if the verdict was reached before that."""
    facts, connection = judgement.phase1, judgement.connection
    if facts.table.rows or facts.responder is None:
        return facts.table
    offers = phase1_offer(connection.proposals, connection.authentications, initiator.profile)
    return phase1_against(offers, facts.responder.proposals, initiator, responder)


def _phase1(judgement: Judgement, initiator: Peer, responder: Peer) -> dict[str, object]:
    facts, verdict = judgement.phase1, judgement.verdict.phase1
    rows = _table(judgement, initiator, responder).rows
    reason = verdict.reason if verdict.outcome is Outcome.FAILS else None
    first = responder.profile.checks_method_first
    b = facts.responder
    taken = {METHODS.get(item.answering) for item in b.authentications} if b else set()

    def takes_method(method: str) -> bool:
        return method in taken if first else reason is not Reason.AUTH_METHOD

    def shown(role: str, fault: Reason) -> bool:
        return not (reason is fault and facts.faulty == role)

    exchange = judgement.connection.exchange.value
    own, theirs = facts.secrets
    lacking = reason is Reason.PSK_MISMATCH
    # What the initiator would reject of its own offer (the prf of its hash) is not a choice.
    refused = reason is Reason.PROPOSAL_P1
    has = {"initiator": not lacking or own is not None}
    has["responder"] = not lacking or theirs is not None
    return {
        "exchange": "aggressive" if exchange is Exchange.AGGRESSIVE else "main",
        "takes_exchange": lambda _exchange: reason is not Reason.EXCHANGE_MODE,
        "exchange_checked_first": first,
        "offers": lambda t: rows[t].offer_rank is not None,
        "offer_rank": lambda t: _rank(rows[t].offer_rank),
        "accepts": lambda t: not refused and rows[t].accept_rank is not None,
        "accept_rank": lambda t: _rank(rows[t].accept_rank),
        "allows": lambda t: rows[t].offer_rank is not None,
        "prefers_own": _prefers_own(judgement, initiator, responder),
        "names_alternatives": responder.profile.answers_alternatives,
        "reoffers": initiator.profile.reoffers,
        "method": lambda t: METHODS.get(rows[t].suite.authentication, "certificate"),
        "takes_method": takes_method,
        "has_secret": lambda role: has[role],
        "secrets_agree": not lacking,
        "credential_holds": lambda role, _method: shown(role, Reason.CERTIFICATE),
        "identity_accepted": lambda role: shown(role, Reason.IDENTITY),
        "believes_refusals": True,
        "checks_public": True,
        "compares_lifetimes": initiator.profile.compares_lifetimes,
        "takes_shorter": initiator.profile.phase1_lifetime is Lifetimes.SHORTER,
        "deletes_early": True,
        "falls_back": False,
        **UNDISTURBED,
        **_timing(judgement, initiator, responder),
    }


def _timing(judgement: Judgement, initiator: Peer, responder: Peer) -> dict[str, object]:
    """Times: those in the policies; no other time decides a verdict, as nothing is lost or late."""
    ours, b = judgement.connection, judgement.phase1.responder
    ends = (ours.life, initiator.profile.phase1_lifetime)
    theirs = ((b or ours).life, responder.profile.phase1_lifetime)
    life = dict(zip(("initiator", "responder"), in_force(ends, theirs, "seconds"), strict=True))
    return {
        "resends": initiator.profile.resends,
        "answers": responder.profile.resends,
        "interval": 3,
        "brief": 3,
        "slack": 1,
        "soft_life": 300,
        "half_open_life": 60,
        "half_open_limit": 1000,
        "life": lambda role: life[role] or NO_LIMIT,
        "altered_life": 0,
        "horizon": NO_LIMIT,
    }


def _lifetimes(
    judgement: Judgement, initiator: Peer, responder: Peer, child: ChildFacts | None
) -> dict[str, object]:
    """What is in force of Phase II at either end. Only the initiator starts here: so the first role, that
    of the starter, decides nothing."""
    ours, b = judgement.connection, judgement.phase1.responder
    peers = {"initiator": (initiator, ours), "responder": (responder, b or ours)}

    def limit(role: str) -> int:
        return min(negotiations(peers[role][1]) or MAX_SERVED, MAX_SERVED)

    def ends_too(role: str) -> bool:
        return peers[role][0].profile.phase2_at_phase1_end is Phase2AtPhase1End.ENDS_TOO

    def force(what: str) -> dict[str, int | None]:
        if child is None:
            return dict.fromkeys(peers)
        first = (child.child.life, initiator.profile.phase2_lifetime)
        second = ((child.answer or child.child).life, responder.profile.phase2_lifetime)
        return dict(zip(peers, in_force(first, second, what), strict=True))

    seconds, kilobytes = force("seconds"), force("kilobytes")
    return {
        "timed2": lambda _starter, role: seconds[role] is not None,
        "counted2": lambda _starter, role: kilobytes[role] is not None,
        "life2": lambda _starter, role: seconds[role] or 0,
        "limit": limit,
        "ends_with_phase1": ends_too,
        "checks_spi": True,
        "checks_message_ids": True,
    }


def _prefers_own(judgement: Judgement, initiator: Peer, responder: Peer) -> bool:
    return _table(judgement, initiator, responder).prefers_own


def _rank(rank: int | None) -> int:
    return min(rank or 0, MAX_RANK)


def _phase2(child: ChildFacts | None, responder: Peer) -> dict[str, object]:
    rows: tuple[Row[Phase2Suite], ...] = child.table.rows if child is not None else ()
    answer = child.answer if child is not None else None
    negotiates = answer is None or answer.action.value is Action.NEGOTIATE
    same_mode = (
        child is None
        or answer is None
        or (negotiates and on_the_wire(child.child.mode.value) is answer.mode.value)
    )

    def starts(role: str) -> bool:
        return child is not None and child.starts and role == "initiator"

    def fits(_role: str, t: int) -> bool:
        group = rows[t].suite.pfs_group
        return group is None or (child is not None and group is child.key_exchange)

    return {
        "offers2": lambda role, t: starts(role) and rows[t].offer_rank is not None,
        "offer_rank2": lambda _role, t: _rank(rows[t].offer_rank),
        "accepts2": lambda role, t: starts(role) and rows[t].accept_rank is not None,
        "accept_rank2": lambda _role, t: _rank(rows[t].accept_rank),
        "prefers_own2": child.table.prefers_own if child is not None else False,
        "pfs": lambda t: rows[t].suite.pfs_group is not None,
        "key_exchange_fits": fits,
        "clients_taken": lambda role: starts(role) and answer is not None,
        "mode_taken": same_mode or (negotiates and not responder.profile.compares_mode),
    }
