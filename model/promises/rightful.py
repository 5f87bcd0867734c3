"""Every rejection answers a message, and its reason was true when it was given (R3, R5, R7, R10, R21)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import Term, every, lift, some
from model.promises import Always, Whenever, any_sent, promise
from model.promises.sharing import answering, keys_alike, opened
from model.spec import Ike
from model.spec.keys import master_key_known, method_is, phase1_open
from model.spec.parameters import ROUND, other_role


def _on_the_wire(ike: Ike) -> Term:
    """Whether an attacker writes what no key protects."""
    return ike.phase1.attacker.alters | ike.phase1.attacker.forges


def _in_its_name(ike: Ike) -> Term:
    """Whether an attacker writes what no key protects, or knows the keys of an end."""
    return _on_the_wire(ike) | phase1_open(ike.phase1)


def _told(ike: Ike, *reasons: str) -> Term:
    """Whether a refusal in the responder's name has come to the initiator with such a reason: under keys
    that both ends hold, or that the attacker knows, or in clear."""
    i, same = ike.phase1.initiator, keys_alike(ike)
    names = ("auth_refusal", "posed_refusal", "am_refusal")
    proof, posed, clear = (Message(ike.spec.groups[name]) for name in names)
    readable = proof.sent & same & proof.reason.one_of(*reasons)
    forged = posed.sent & posed.reason.one_of(*reasons) & master_key_known(ike.phase1, i)
    in_main = i.state.eq("awaits_mm6") & (readable | forged)
    believed = clear.sent & ike.phase1.policy.believes_refusals & clear.reason.one_of(*reasons)
    return in_main | (i.state.eq("awaits_am2") & believed)


def _answered_with(ike: Ike) -> Term:
    """Whether the answer that the initiator awaits names a transform that is not in its offer, or has
    another lifetime where that is compared."""
    ends, i = ike.phase1, ike.phase1.initiator
    mm2, am2 = (Message(ike.spec.groups[name]) for name in ("mm2", "am2"))

    def alien(answer: Message) -> Term:
        return some(
            ends.policy.transform,
            lambda u: answer.transform.eq(u) & ~ends.offered(u, i.round),
        ) | ends.told_otherwise(answer)

    return (i.state.eq("awaits_mm2") & alien(mm2)) | (i.state.eq("awaits_am2") & alien(am2))


@promise("R7 R10")
def every_failure_says_why(ike: Ike) -> Always:
    """An end has failed exactly if it gives a reason: both ends of Phase I, and both of Phase II.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two = ike.phase2
    ends = (ike.phase1.initiator, ike.phase1.responder, two.starter, two.answerer)
    told = [end.state.eq("failed").eq(end.reason.ne("none")) for end in ends]
    failed = [end.state.eq("failed") for end in ends]
    return Always(told[0] & told[1] & told[2] & told[3], failed[0] & failed[3])


@promise("R5 R7")
def responder_refuses_what_it_got(ike: Ike) -> Whenever:
    """A responder refuses only while an exchange is to be begun or is half open, and only upon the
    message that it waits for: nothing that has been established is refused afterwards.

    No exceptions: every attacker switch is on. Time is another promise.
    """
    r = ike.phase1.responder
    got = (
        (r.state.eq("idle") & any_sent(ike, "mm1", "am1"))
        | (r.state.eq("awaits_mm3") & any_sent(ike, "mm3"))
        | (r.state.eq("awaits_mm5") & any_sent(ike, "mm5"))
        | (r.state.eq("awaits_am3") & any_sent(ike, "am3"))
    )
    return Whenever(r.state.eq("failed") & r.reason.ne("timeout"), got)


@promise("R5 R7")
def initiator_stops_upon_an_answer(ike: Ike) -> Whenever:
    """An initiator whose time is not over stops only while it waits, and only upon an answer to what it
    sent; a refusal in clear stops it only if it believes such refusals, one under keys only if it can
    read it.

    No exceptions: every attacker switch is on.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    believed = ends.policy.believes_refusals
    posed = any_sent(ike, "posed_refusal") & master_key_known(ends, i)
    read = any_sent(ike, "mm6") | (any_sent(ike, "auth_refusal") & keys_alike(ike)) | posed
    first = any_sent(ike, "mm2") | (believed & any_sent(ike, "no_proposal", "alternatives"))
    got = (
        (i.state.eq("awaits_mm2") & first)
        | (i.state.eq("awaits_mm4") & any_sent(ike, "mm4"))
        | (i.state.eq("awaits_mm6") & read)
        | (
            i.state.eq("awaits_am2")
            & (any_sent(ike, "am2") | (believed & any_sent(ike, "am_refusal")))
        )
    )
    return Whenever(i.state.eq("failed") & i.reason.ne("timeout"), got)


@promise("R3 R7")
def no_proposal_means_none_acceptable(ike: Ike) -> Whenever:
    """A responder says `proposal` only where it accepts the algorithms of nothing that was offered, in
    the exchange and the round in which it was offered.

    Exception: the attacker alters or forges: the offer that is refused may be his.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p, mm1 = ends.policy, Message(ike.spec.groups["mm1"])

    def nothing(round_: Term) -> Term:
        return every(p.transform, lambda u: ~(ends.offered(u, round_) & p.accepts(u)))

    main = mm1.sent & nothing(mm1.round)
    aggressive = any_sent(ike, "am1") & nothing(lift(0, ROUND))
    return Whenever(r.reason.eq("proposal"), main | aggressive, _on_the_wire(ike))


@promise("R3 R5")
def refused_method_is_not_taken(ike: Ike) -> Whenever:
    """A responder says `auth_method` only where its policy does not take the method: of what it chose,
    of what it would choose, or of all that is offered with algorithms it accepts.

    Exception: the attacker alters or forges: the offer that is refused may be his.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p, mm1, zero = ends.policy, Message(ike.spec.groups["mm1"]), lift(0, ROUND)
    own = some(p.transform, lambda u: r.chosen.eq(u) & ~p.takes_method(p.method(u)))
    would = some(p.transform, lambda u: ends.chosen(u, zero) & ~p.takes_method(p.method(u)))
    main = mm1.sent & ends.none_acceptable(mm1.round)
    aggressive = any_sent(ike, "am1") & (would | ends.none_acceptable(zero))
    claim = (r.state.eq("idle") & (main | aggressive)) | own
    return Whenever(r.reason.eq("auth_method"), claim, _on_the_wire(ike))


@promise("R3")
def refused_exchange_is_not_taken(ike: Ike) -> Whenever:
    """A responder says `exchange_mode` only where its policy does not take the exchange of the message
    that it refuses.

    No exceptions: every attacker switch is on.
    """
    p, r = ike.phase1.policy, ike.phase1.responder
    main = (r.state.eq("idle") & any_sent(ike, "mm1")) | r.state.eq("awaits_mm5")
    aggressive = r.state.eq("idle") & any_sent(ike, "am1")
    claim = (main & ~p.takes_exchange("main")) | (aggressive & ~p.takes_exchange("aggressive"))
    return Whenever(r.reason.eq("exchange_mode"), claim)


@promise("R5")
def refused_initiator_is_not_accepted(ike: Ike) -> Always:
    """A responder says `identity` only where its policy does not expect the initiator's, and
    `certificate` only where what the initiator shows does not satisfy it for the method agreed on.

    No exceptions: every attacker switch is on.
    """
    p, r = ike.phase1.policy, ike.phase1.responder
    shown = some(
        p.transform, lambda u: r.chosen.eq(u) & ~p.credential_holds("initiator", p.method(u))
    )
    identity, shows = r.reason.eq("identity"), r.reason.eq("certificate")
    claim = identity.implies(~p.identity_accepted("initiator")) & shows.implies(shown)
    return Always(claim, shows)


@promise("R5")
def responder_says_psk_where_keys_differ(ike: Ike) -> Whenever:
    """A responder says `psk` only where it needs a pre-shared key for this peer and has none, or where
    a proof has come that its keys do not open.

    No exceptions: every attacker switch is on. That different keys mean a different pre-shared key, and
    not an altered message, is another promise.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p = ends.policy
    proof = r.state.one_of("awaits_mm5", "awaits_am3")
    needed = some(p.transform, lambda u: ends.acceptable(u) & p.method(u).eq("pre_shared_key"))
    needs = (r.state.eq("idle") & needed) | (
        r.state.eq("awaits_mm3") & method_is(ends, r, "pre_shared_key")
    )
    lacks = needs & ~p.has_secret("responder")
    return Whenever(r.reason.eq("psk"), lacks | (proof & ~keys_alike(ike)))


@promise("R5 R7")
def responder_says_tampered_where_hashes_differ(ike: Ike) -> Whenever:
    """A responder says `tampered` only where the keys agree, and what the hash covers, offer or public
    values, does not.

    No exceptions: every attacker switch is on.
    """
    ends, r = ike.phase1, ike.phase1.responder
    proof = r.state.one_of("awaits_mm5", "awaits_am3")
    differs = keys_alike(ike) & ~(ends.shared & ends.offers_agree)
    return Whenever(r.reason.eq("tampered"), proof & differs)


@promise("R5")
def psk_means_the_secret(ike: Ike) -> Always:
    """Where an end says `psk` it is the pre-shared key: one end has none, or the two differ.

    Exception: the attacker alters or forges: a swapped suite or public value gives keys that differ too.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    p = ends.policy
    both = p.has_secret("initiator") & p.has_secret("responder") & p.secrets_agree
    blamed = [end.reason.eq("psk") for end in (i, r)]
    return Always((blamed[0] | blamed[1]).implies(~both), blamed[0] & blamed[1], _on_the_wire(ike))


@promise("R5 R7")
def tampering_means_an_attack(ike: Ike) -> Always:
    """No end says `tampered` or `altered_answer` in Phase I where nobody alters or forges what is on the
    wire: so each of them in a log is an attack, or a fault of a peer, never a mere disagreement.

    Exception: the attacker alters or forges, or knows the keys of an end.
    """
    i, r = ike.phase1.initiator, ike.phase1.responder
    quiet = [~end.reason.one_of("tampered", "altered_answer") for end in (i, r)]
    return Always(quiet[0] & quiet[1], i.state.eq("failed"), _in_its_name(ike))


@promise("R7")
def altered_answer_is_not_in_the_offer(ike: Ike) -> Whenever:
    """An initiator says `altered_answer` only where the answer that it got is not in its offer, its
    lifetime included if that is compared.

    No exceptions: every attacker switch is on.
    """
    return Whenever(ike.phase1.initiator.reason.eq("altered_answer"), _answered_with(ike))


@promise("R5")
def refused_responder_is_not_accepted(ike: Ike) -> Whenever:
    """An initiator says `identity` or `certificate` only where its own policy does not accept the
    responder's identity, or what it shows for the method; or where a refusal that it can read says so, the
    responder's or one that an attacker has made under its keys.

    No exceptions: every attacker switch is on, as a refusal in clear that can be forged must be
    believed by policy, and says `proposal` if it is forged.
    """
    ends, i = ike.phase1, ike.phase1.initiator
    p, am2 = ends.policy, Message(ike.spec.groups["am2"])
    proof = i.state.eq("awaits_mm6") & any_sent(ike, "mm6")
    proof = proof | (i.state.eq("awaits_am2") & am2.sent)
    shown = some(
        p.transform,
        lambda u: (
            (i.chosen.eq(u) | (i.state.eq("awaits_am2") & am2.transform.eq(u)))
            & ~p.credential_holds("responder", p.method(u))
        ),
    )
    own = proof & (~p.identity_accepted("responder") | shown)
    claim = own | _told(ike, "identity", "certificate")
    return Whenever(i.reason.one_of("identity", "certificate"), claim)


@promise("R5 R7")
def initiator_says_psk_or_tampered_truly(ike: Ike) -> Whenever:
    """An initiator says `psk` or `tampered` only where it needs a pre-shared key that it lacks, where
    the proof that it got does not agree with what it holds, or where a refusal that it can read says so.

    No exceptions: every attacker switch is on.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    p, am2 = ends.policy, Message(ike.spec.groups["am2"])
    lacks = i.state.eq("awaits_mm4") & method_is(ends, i, "pre_shared_key")
    lacks = lacks & ~p.has_secret("initiator")
    differs = i.state.eq("awaits_mm6") & ~(ends.shared & ends.offers_agree)
    publics = am2.public.eq("responder") & r.peer_public.eq("initiator")
    secret = some(
        p.transform, lambda u: am2.transform.eq(u) & p.method(u).eq("pre_shared_key")
    ).implies(p.has_secret("initiator") & p.secrets_agree)
    covered = publics & r.chosen.eq(am2.transform) & ends.offers_agree & secret
    wrong = i.state.eq("awaits_am2") & am2.sent & ~covered
    claim = lacks | differs | wrong | _told(ike, "psk", "tampered")
    return Whenever(i.reason.one_of("psk", "tampered"), claim)


@promise("R7")
def initiator_hears_a_true_refusal(ike: Ike) -> Always:
    """If an initiator that has taken no answer stops because nothing of its offer is acceptable, that is true,
    or the responder has rejected it.

    Exception: the attacker alters or forges: a refusal in clear can be made by anybody.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    stopped = i.reason.one_of("proposal", "auth_method") & i.chosen.is_none
    claim = r.state.eq("failed") | ends.none_acceptable(lift(0, ROUND))
    return Always(stopped.implies(claim), stopped, _on_the_wire(ike))


@promise("R7 R10")
def refusals_are_told_as_they_are(ike: Ike) -> Always:
    """A responder that refuses an offer, or the proof of Main Mode for identity, exchange or
    certificate, has notified the peer, with the reason that it gives itself. The same is true of the
    answerer of a negotiation that rejects message 1.

    Exception: the attacker alters or forges: a refusal in clear may be his. Or he knows the keys of an end.
    """
    r, two = ike.phase1.responder, ike.phase2
    proof, clear = (Message(ike.spec.groups[name]) for name in ("auth_refusal", "am_refusal"))
    quick = Message(ike.spec.groups["quick_refusal"])[two.n]
    failed = r.state.eq("failed")
    offer = (failed & r.chosen.is_none).implies(any_sent(ike, "no_proposal") | clear.sent)
    same = [told.sent.implies(failed & told.reason.eq(r.reason)) for told in (proof, clear)]
    unanswered = two.answerer.state.eq("failed") & two.answerer.chosen.is_none
    of_phase2 = unanswered.eq(quick.sent)
    of_phase2 = of_phase2 & quick.sent.implies(quick.reason.eq(two.answerer.reason))
    claim = offer & same[0] & same[1] & of_phase2
    return Always(claim, failed & proof.sent, _in_its_name(ike))


@promise("R18")
def a_refused_proof_is_deleted(ike: Ike) -> Always:
    """An initiator that refuses the responder's proof in Main Mode, and to which no refusal has been sent, has
    sent a Delete, so that the responder does not keep half of an SA.

    No exceptions: every attacker switch is on.
    """
    i = ike.phase1.initiator
    refused = any_sent(ike, "mm5") & i.state.eq("failed") & i.reason.ne("timeout")
    refused = refused & ~any_sent(ike, "auth_refusal", "posed_refusal")
    return Always(refused.implies(any_sent(ike, "initiator_delete")), refused)


@promise("R10 R14")
def answerer_refuses_what_it_got(ike: Ike) -> Whenever:
    """The answerer of a negotiation refuses only its message 1, or message 3 when the Phase I SA has
    meanwhile served enough, and only under a Phase I SA that is up at its own end and whose keys protect
    the message.

    No exceptions: every attacker switch is on; any number of negotiations. Time is another promise.
    """
    two, a = ike.phase2, ike.phase2.answerer
    first = a.state.eq("idle") & opened(ike, "qm1", answering(ike))
    first = first & two.phase1_stands(other_role(two.starter.role))
    full = ~two.may_serve(two.answering_role) & two.phase1_stands(two.answering_role)
    last = a.state.eq("awaits_qm3") & opened(ike, "qm3", answering(ike)) & full
    return Whenever(a.state.eq("failed") & a.reason.ne("timeout"), first | last)


@promise("R10 R14")
def starter_stops_upon_an_answer(ike: Ike) -> Whenever:
    """The starter of a negotiation stops only upon an answer or a refusal, while it waits for one, and
    only under a Phase I SA that is up at its own end and whose keys protect the message.

    No exceptions: every attacker switch is on; any number of negotiations. Time is another promise.
    """
    two, s = ike.phase2, ike.phase2.starter
    read = opened(ike, "qm2", s.role) | opened(ike, "quick_refusal", s.role)
    waits = s.state.eq("awaits_qm2") & two.phase1_stands(s.role)
    return Whenever(s.state.eq("failed") & s.reason.ne("timeout"), waits & read)


@promise("R10 R13 R21")
def answerer_says_what_its_policy_says(ike: Ike) -> Whenever:
    """The answerer refuses a negotiation only if its policy requires it: the Phase I SA has served its
    limit, the policy has no such client identities, requires another mode, accepts nothing of the offer, or
    would choose a transform for which the offer has no suitable public value.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, role = ike.phase2, ike.phase2.starter.role
    p, a, qm1 = two.policy, two.answerer, Message(ike.spec.groups["qm1"])[two.n]

    def unfit(u: Term) -> Term:
        fits = p.key_exchange_fits(role, u) & qm1.public.ne("none")
        return p.offers(role, u) & p.accepts(role, u) & p.pfs(u) & ~fits

    fault = two.none_acceptable(role) | some(p.protection, unfit)
    fault = fault | ~p.clients_taken(role) | ~p.mode_taken(role)
    fault = fault | ~two.may_serve(two.answering_role)
    return Whenever(a.state.eq("failed") & a.reason.ne("timeout"), fault)


@promise("R21")
def selector_is_refused_truly(ike: Ike) -> Whenever:
    """The answerer of a negotiation says `selector` only where its policy does not select the client
    identities.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two = ike.phase2
    clients = two.policy.clients_taken(two.starter.role)
    return Whenever(two.answerer.reason.eq("selector"), ~clients)


@promise("R7 R11")
def starter_refuses_only_bad_answers(ike: Ike) -> Whenever:
    """The starter of a negotiation says `altered_answer` only where the answer is not in its offer, has
    its own SPI, or lacks the public value of a transform with PFS.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, s = ike.phase2, ike.phase2.starter
    p, qm2 = two.policy, Message(ike.spec.groups["qm2"])[two.n]
    alien = some(p.protection, lambda u: qm2.transform.eq(u) & ~p.offers(s.role, u))
    keyless = some(p.protection, lambda u: qm2.transform.eq(u) & p.pfs(u)) & qm2.public.eq("none")
    bad = qm2.sent & (alien | qm2.spi.eq(s.spi) | keyless)
    return Whenever(s.reason.eq("altered_answer"), bad)


@promise("R3 R5")
def a_first_message_is_refused_in_order(ike: Ike) -> Whenever:
    """A responder that refuses an Aggressive Mode message 1 for identity, method or pre-shared key looks
    at Aggressive Mode; if it does not, it says `exchange_mode` and nothing else.

    No exceptions: every attacker switch is on.
    """
    ends, r = ike.phase1, ike.phase1.responder
    p, am1 = ends.policy, Message(ike.spec.groups["am1"])
    looks = p.takes_exchange("aggressive") | ~p.exchange_checked_first
    later = r.state.ne("idle") | any_sent(ike, "mm1")
    return Whenever(r.reason.one_of("identity", "psk"), later | (am1.sent & looks))


@promise("R12 R16")
def a_starter_says_limit_truly(ike: Ike) -> Whenever:
    """The starter of a negotiation says `limit` only where the Phase I SA has served enough at its own end,
    or where the answerer says so.

    No exceptions: every attacker switch is on; any number of negotiations.
    """
    two, s = ike.phase2, ike.phase2.starter
    told = Message(ike.spec.groups["quick_refusal"])[two.n]
    heard = told.sent & told.reason.eq("limit")
    return Whenever(s.reason.eq("limit"), ~two.may_serve(s.role) | heard)
