"""Who can read what: keys, identities, and what a guess of a pre-shared key needs (R4, R6)."""

from __future__ import annotations

from model.language.specification import Message
from model.language.terms import some
from model.promises import Always, promise
from model.spec import Ike
from model.spec.keys import (
    compromised,
    guessable,
    initiator_readable,
    master_key_known,
    method_is,
    responder_readable,
)


@promise("R4")
def master_key_secret(ike: Ike) -> Always:
    """The attacker knows no master key (SKEYID and what is derived from it) of an end that has
    established Phase I.

    Unless he holds a credential for it, or breaks the Diffie-Hellman group; with a pre-shared key he
    needs that key too.
    """
    ends, i, r = ike.phase1, ike.phase1.initiator, ike.phase1.responder
    ups = [end.state.eq("established") for end in (i, r)]
    secrets = [ups[k].implies(~master_key_known(ends, end)) for k, end in enumerate((i, r))]
    excused = compromised(ends, i) | compromised(ends, r) | ends.attacker.breaks_group
    return Always(secrets[0] & secrets[1], ups[0] & ups[1], excused)


@promise("R6")
def initiator_identity_stays_hidden(ike: Ike) -> Always:
    """The attacker never reads the initiator's ID payload.

    Unless the exchange is Aggressive Mode; or he breaks the group; or message 5 goes to somebody that
    is not yet authenticated: with certificates or Kerberos whoever puts his own public value into
    message 4 reads it, with a pre-shared key only who knows the key.
    """
    ends, i, a = ike.phase1, ike.phase1.initiator, ike.phase1.attacker
    spec = ike.spec
    active = a.alters | a.forges
    unshared = ~method_is(ends, i, "pre_shared_key") & active
    known = a.knows_secret & active
    excused = ends.policy.exchange.eq("aggressive") | a.breaks_group | unshared | known
    return Always(~initiator_readable(spec, ends), Message(spec.groups["mm5"]).sent, excused)


@promise("R6")
def responder_identity_stays_hidden(ike: Ike) -> Always:
    """The attacker never reads the responder's ID payload: it goes only to an initiator that has
    proved itself.

    Unless its policy takes Aggressive Mode, and the initiator or an attacker starts it; or he holds a
    credential, or breaks the group.
    """
    ends, r, a = ike.phase1, ike.phase1.responder, ike.phase1.attacker
    spec, p = ike.spec, ike.phase1.policy
    started = p.exchange.eq("aggressive") | a.alters | a.forges
    clear = p.takes_exchange("aggressive") & started
    excused = clear | a.breaks_group | compromised(ends, r)
    return Always(~responder_readable(spec, ends), Message(spec.groups["mm6"]).sent, excused)


@promise("R6")
def kerberos_names_stay_hidden(ike: Ike) -> Always:
    """No Kerberos name or ticket is ever readable on the wire.

    Unless the initiator's policy offers Kerberos, or allows it when alternatives ask for it: then the
    name stands in the offer, for anyone (the stated exception of R6).
    """
    p, i = ike.phase1.policy, ike.phase1.initiator
    used = some(p.transform, lambda u: (p.offers(u) | p.allows(u)) & p.method(u).eq("kerberos"))
    return Always(~i.named, i.state.one_of("awaits_mm2", "awaits_am2"), used)


@promise("R5")
def shared_key_cannot_be_guessed_offline(ike: Ike) -> Always:
    """The attacker never holds what an offline guess of the pre-shared key needs.

    Unless the exchange is Aggressive Mode, where HASH_R is in clear; or he answers as the responder (he
    alters or forges), and message 5 comes to him under a Diffie-Hellman secret that he knows; or he
    breaks the group.
    """
    ends, a = ike.phase1, ike.phase1.attacker
    active = a.alters | a.forges
    excused = ends.policy.exchange.eq("aggressive") | active | a.breaks_group
    return Always(~guessable(ike.spec, ends), Message(ike.spec.groups["mm5"]).sent, excused)
