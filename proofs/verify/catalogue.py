"""Every finding there is: stable id, severity, what it means, how to mend it, where that is known from.

`ikeproof explain ID` prints an entry; a test holds the ids in use against this table.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.vocabulary.findings import Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of finding; `sources` are RFC sections and requirement numbers."""

    id: str
    severity: Severity
    title: str
    explanation: str
    mend: str
    sources: str


_ENTRIES = (
    Entry(
        "P1-NO-RESPONDER",
        ERROR,
        "Nobody answers",
        "The other peer has no connection that answers this Phase I, or the initiator does not know "
        "whom to call. No message 2 ever comes; packets are treated as without an SA.",
        "Give the other peer an IKEv1 connection for this peer's address, or state the address.",
        "RFC 2409 section 5; R2",
    ),
    Entry(
        "P1-NO-CONNECTION",
        ERROR,
        "No connection for the caller's address",
        "The peer is reached, but none of its connections is for the address that the call comes from: it "
        "answers NO-PROPOSAL-CHOSEN, whatever is offered.",
        "State the caller's address in remote_addrs, or mend the address that one of the two states wrongly.",
        "strongSwan 5.9.8, seen in runs; R2",
    ),
    Entry(
        "P1-PROPOSAL",
        ERROR,
        "No common Phase I proposal",
        "Nothing that the initiator offers for Phase I is acceptable to the responder. All four of "
        "encryption, hash, authentication and Diffie-Hellman group must agree in one transform. Some "
        "stacks send only the first algorithm of each kind of a proposal.",
        "Write one proposal that both sides have, each in a proposal of its own.",
        "RFC 2409 section 5; RFC 2408 section 4.2; R3, R7",
    ),
    Entry(
        "P1-EXCHANGE-MODE",
        ERROR,
        "Main Mode against Aggressive Mode",
        "The two peers want different exchanges for Phase I, or the responder refuses Aggressive "
        "Mode with a pre-shared key, because the exchange shows what an offline guess needs.",
        "Use Main Mode on both sides.",
        "RFC 2409 sections 5.1 to 5.4; R3",
    ),
    Entry(
        "P1-AUTH-METHOD",
        ERROR,
        "Different authentication methods",
        "One side authenticates by another method than the other accepts.",
        "Use the same method on both sides.",
        "RFC 2409 section 5; R3, R5",
    ),
    Entry(
        "P1-PSK",
        ERROR,
        "The pre-shared keys do not agree",
        "The two ends take different pre-shared keys for each other, or one finds none. In Main Mode "
        "the key is needed before any identity is known, so it is chosen by address, or by what the "
        "connections for that address state. The peer sees message 5 as noise.",
        "Give both the same secret; check which secret each end selects.",
        "RFC 2409 section 5.4; R5",
    ),
    Entry(
        "P1-CERTIFICATE",
        ERROR,
        "A certificate is not trusted",
        "One end does not accept the other's certificate: no trust anchor vouches for it, it is not "
        "valid today, or another one is required.",
        "Have a certificate issued that the other end trusts, or give it the trust anchor.",
        "RFC 2409 section 5.1; R3, R5",
    ),
    Entry(
        "P1-IDENTITY",
        ERROR,
        "An identity that is not expected",
        "One end sends another identity than the other expects. An identity is a type and a value: "
        "an address is never equal to a name.",
        "State the same identity as own identity here and as remote identity there.",
        "RFC 2407 section 4.6.2; R5",
    ),
    Entry(
        "P2-MODE-CONFIG",
        ERROR,
        "No virtual address is given",
        "Phase I comes up, and then one end waits for a virtual address (Mode Config) that the other end does not "
        "give, or gives to nobody: Quick Mode never begins.",
        "State vips at the end that needs an address, and pools at the end that gives it; leave pull at its "
        "default on both.",
        "strongSwan 5.9.8, seen in runs; R10, R21",
    ),
    Entry(
        "P2-PROPOSAL",
        ERROR,
        "No common Phase II proposal",
        "Phase I comes up, but no ESP or AH transform is common, or PFS differs: the tunnel is half "
        "up, and no packet passes.",
        "Write one proposal that both sides have, with the same PFS group or none on both sides.",
        "RFC 2409 section 5.5; R10, R12",
    ),
    Entry(
        "P2-MODE",
        ERROR,
        "Tunnel mode against transport mode",
        "One side wants tunnel mode and the other transport mode.",
        "Set the same mode on both sides.",
        "RFC 2407 section 4.5; R13",
    ),
    Entry(
        "P2-SELECTOR",
        ERROR,
        "Selectors that do not meet",
        "No Phase II policy of the responder is for the packets that the initiator names: its client "
        "identities are refused with INVALID-ID-INFORMATION.",
        "Mirror the selectors: what is local here is remote there.",
        "RFC 2409 section 5.5; R21",
    ),
    Entry(
        "P2-LIFETIME",
        ERROR,
        "A lifetime that is refused",
        "The responder refuses the lifetime that is offered.",
        "State the same lifetime on both sides.",
        "RFC 2407 section 4.5.4; R17",
    ),
    Entry(
        "UNDECIDED",
        NOTE,
        "Something is missing to decide",
        "A secret, a certificate or a built-in default that is not in the files decides whether this "
        "comes up. Exit code 3 if nothing worse was found.",
        "Provide what is missing, or state it in the policy.",
        "docs/agreement.md; R2",
    ),
    Entry(
        "ONE-WAY",
        WARNING,
        "Comes up from one side only",
        "The tunnel comes up when one side starts it and fails when the other does. After the next "
        "rekeying or restart it depends on chance.",
        "Mend the direction that fails.",
        "R2, R10",
    ),
    Entry(
        "START-IMPOSSIBLE",
        WARNING,
        "A child that its end cannot start",
        "start_action asks this end to bring the child up, at once or on a packet, but its connection names "
        "nobody to call. strongSwan logs it and does nothing.",
        "State the peer's address in remote_addrs, or remove start_action.",
        "strongSwan 5.9.8, seen in runs; R2",
    ),
    Entry(
        "NOTHING-TO-NEGOTIATE",
        NOTE,
        "No Phase II policy",
        "The connection has no child that negotiates: Phase I alone protects no packet.",
        "Add a child, or remove the connection.",
        "R2, R10",
    ),
    Entry(
        "AH-THROUGH-NAT",
        ERROR,
        "AH does not pass a NAT",
        "AH protects the addresses of the outer IP header, which a NAT changes: the negotiation succeeds, and "
        "the receiver drops every packet.",
        "Use ESP.",
        "RFC 3948 section 1; RFC 4302 section 3.3.3; strongSwan 5.9.8, seen in runs; R13",
    ),
    Entry(
        "NAT-WITHOUT-TRAVERSAL",
        WARNING,
        "ESP through a NAT without UDP",
        "One of the two stacks does not support NAT traversal (RFC 3947), so ESP is not put into UDP. A NAT "
        "that translates ports has none to translate in ESP, and often drops it.",
        "Use a stack that supports NAT traversal, or an address that is not translated.",
        "RFC 3947; KB 818043; R13",
    ),
    Entry(
        "SAS-PILE-UP",
        WARNING,
        "Both ends renew Phase I at once",
        "Each end makes a successor of Phase I by its own timer, and keeps the timer of an SA that the other end "
        "has already replaced until that SA ends (over_time later). If both timers fire within that time, both "
        "renew: two Phase I SAs stand, each renewed by both ends, and their number doubles with each renewal. "
        "Sometimes one end loses its Phase II SA over it while the other still uses it.",
        "Let one end renew: rekey_time = 0 and reauth_time = 0 at the other, or times that differ by more than "
        "over_time and rand_time together.",
        "strongSwan 5.9.8, seen in runs with scaled lifetimes; R17",
    ),
    Entry(
        "RENEWAL-WITHOUT-OVERLAP",
        WARNING,
        "Phase I is deleted while its successor is made",
        "With over_time = 0 the Delete of the old Phase I SA goes out together with the first message of the new "
        "one. The other end has nothing to take its Phase II SAs over to, and drops them; this end keeps them "
        "and sends into the void.",
        "Leave over_time at its default.",
        "strongSwan 5.9.8, seen in runs with scaled lifetimes; R17, R19",
    ),
    Entry(
        "NEVER-RENEWED",
        WARNING,
        "A Phase II SA ends and nothing renews it",
        "The SA ends at the shorter of the two ends' life_time, and neither end starts to replace it before that. "
        "Where packets do not start a negotiation (start_action = trap), it stays down.",
        "Let one end renew before the shorter life_time: rekey_time above 0 and below it.",
        "strongSwan 5.9.8, seen in runs with scaled lifetimes; R17, R19",
    ),
    Entry(
        "RENEWAL-RACE",
        WARNING,
        "Both ends renew Phase II at the same second",
        "Both ends have the same rekey_time and no jitter, so both start a Quick Mode at the same moment, and "
        "both SAs stay: they pile up.",
        "Leave rand_time at its default, or let the times differ.",
        "strongSwan 5.9.8, seen in runs with scaled lifetimes; R17",
    ),
    Entry(
        "CLEAR-WITHOUT-SA",
        WARNING,
        "Packets leave in clear without an SA",
        "While no SA stands (before the first, after an expiry or a Delete), packets that the policy "
        "is meant to protect leave in clear: nothing holds them back.",
        "With strongSwan: start_action = trap.",
        "seen in runs and vendors' documents; R8",
    ),
    Entry(
        "CLEAR-AFTER-SILENCE",
        WARNING,
        "Silence opens a soft SA",
        "When no answer to the first message comes, packets go in clear. Whoever can drop five "
        "messages can read the traffic.",
        "Do not allow unsecured communication for this traffic.",
        "R8; KB 234580",
    ),
    Entry(
        "WEAK-ENCRYPTION",
        WARNING,
        "A weak cipher is agreed on",
        "DES can be searched in hours, NULL hides nothing, and 64-bit blocks leak after some "
        "gigabytes under one key.",
        "Offer AES.",
        "RFC 8221; R3, R10",
    ),
    Entry(
        "WEAK-HASH",
        WARNING,
        "A weak hash is agreed on",
        "MD5 is broken as a hash; HMAC-MD5 and HMAC-SHA1 still stand, but nothing new should use "
        "them.",
        "Offer SHA-2.",
        "RFC 8221; R3, R10",
    ),
    Entry(
        "WEAK-GROUP",
        WARNING,
        "A weak Diffie-Hellman group is agreed on",
        "Groups below 2048 bits are within reach of a strong attacker; one precomputation breaks "
        "every exchange in the same group.",
        "Offer modp2048 or larger.",
        "RFC 8247; R3",
    ),
    Entry(
        "WEAK-CERTIFICATE",
        WARNING,
        "A certificate that can be forged",
        "A key below 2048 bits is within reach of a strong attacker, and so is a second certificate with the "
        "same MD5 or SHA-1. strongSwan takes both if its policy does not ask for more.",
        "Have it issued anew; with strongSwan demand it: auth = rsa-2048-sha256-sha384-sha512 of the other "
        "end.",
        "RFC 8247; strongSwan 5.9.8, seen in runs; R3, R5",
    ),
    Entry(
        "NO-PFS",
        NOTE,
        "No second Diffie-Hellman",
        "All session keys come from the Phase I secret: who learns it opens everything since Phase I "
        "began.",
        "Name a group in the Phase II proposals of both sides.",
        "RFC 2409 section 5.5; R12",
    ),
    Entry(
        "EXPOSURE-UNBOUNDED",
        NOTE,
        "One secret opens any amount",
        "No policy bounds how much data, or how long, one Diffie-Hellman secret can open.",
        "Use PFS, or bound lifetimes and the number of Quick Modes per Phase I SA.",
        "R12, R16",
    ),
    Entry(
        "OVERLAP",
        NOTE,
        "Phase II outlives Phase I",
        "A Phase II SA can stand for some time after its Phase I SA ended. In that time no Delete "
        "can be protected, and the peer's authentication is no longer current.",
        "Make the Phase II lifetime as short as the time you accept.",
        "R19, R20",
    ),
    Entry(
        "LIFE-DIFFERS",
        NOTE,
        "The lifetimes differ",
        "The side with the shorter lifetime rekeys first, and the other keeps a stale SA until its "
        "own expiry. If the shorter side cannot start, the tunnel drops at its expiry.",
        "State the same lifetime on both sides.",
        "strongSwan 5.9 and Windows documents; R17",
    ),
    Entry(
        "DPD-TIMEOUT",
        WARNING,
        "A live peer is taken for dead",
        "dpd_timeout counts from the last sign of life, and strongSwan looks at it when it asks the peer: "
        "a time-out that is not longer than dpd_delay is over by then. Every SA that is idle for so long "
        "ends, though the peer lives and would answer.",
        "Make dpd_timeout several times dpd_delay, so that one lost answer does not count.",
        "RFC 3706 section 5.5; strongSwan 5.9.8, seen in runs; R17",
    ),
    Entry(
        "DPD-IN-VAIN",
        WARNING,
        "A dead peer is not found",
        "The policy wants the peer to be asked whether it is there, and one of the two stacks does not "
        "understand dead peer detection, so nothing is asked. If the peer dies, SAs stay until their "
        "lifetimes end, and what is sent under them is lost.",
        "Shorten the lifetimes to the time you accept.",
        "RFC 3706 section 5.1; R17, R19",
    ),
    Entry(
        "OWN-IDENTITY",
        WARNING,
        "Both ends have one identity",
        "Each end expects of the other what it says of itself, so an identity tells nobody apart: whoever "
        "holds the credential of one end can pass for the other. strongSwan does not compare the two; "
        "ikeproof run does, and refuses a peer that shows the own identity.",
        "Give each end an identity of its own.",
        "docs/agreement.md (identity: both say the same name); R5",
    ),
    Entry(
        "SELECTOR-NARROWED",
        WARNING,
        "Selectors are narrowed",
        "Each side names other packets; only what both select is protected. The rest has no SA.",
        "Mirror the selectors.",
        "R21",
    ),
    Entry(
        "KERBEROS-IDENTITY",
        NOTE,
        "Kerberos shows who the peers are",
        "With Kerberos the names of both hosts travel in clear in messages 1 and 2, and the ticket in "
        "message 3 shows realm and service.",
        "Use certificates where identities must stay hidden.",
        "R6",
    ),
    Entry(
        "AGGRESSIVE-MODE",
        WARNING,
        "Aggressive Mode shows identities",
        "Identities travel in clear, and with a pre-shared key whoever answers or listens has what an "
        "offline guess needs.",
        "Use Main Mode.",
        "RFC 2409 section 5.4; R6",
    ),
    Entry(
        "CONNECTION-DISCARDED",
        WARNING,
        "A connection that swanctl does not load",
        "An option that swanctl does not know, or a value that it does not take, such as an algorithm "
        "that this build lacks, makes it discard the whole connection with all its children. The "
        "other connections of the file are loaded, and judged.",
        "Correct the line.",
        "strongSwan 5.9.8 (measured)",
    ),
    Entry(
        "POOL-DISCARDED",
        WARNING,
        "A pool that swanctl does not load",
        "A pool without addresses, or with a value or an attribute that swanctl does not take, is not "
        "loaded. Peers that ask for an address get none from it.",
        "Correct the line.",
        "strongSwan 5.9.8 (measured)",
    ),
    Entry(
        "NOT-JUDGED",
        NOTE,
        "An option whose effect is not judged",
        "The option is read and has an effect, but not one that two policies alone can tell: it depends on "
        "a token, a device or a script, or shows only when packets flow.",
        "Check it by hand at both ends.",
        "docs/policies.md",
    ),
    Entry(
        "IDENTITY-KIND",
        WARNING,
        "An identity of another kind than it looks like",
        "strongSwan refuses no text for an identity. A distinguished name with a keyword that it does not "
        "know becomes a key ID, an address with a mistake an FQDN, and what follows a prefix such as "
        "ipv4: is not converted. The peer compares kinds first, so such an identity hardly ever matches.",
        "Correct the text, or write the kind that is meant with its prefix.",
        "RFC 2407 section 4.6.2; strongSwan 5.9.8 (measured)",
    ),
    Entry(
        "OPTION-IGNORED",
        WARNING,
        "An option of strongswan.conf with a value that the daemon does not take",
        "The daemon then uses the default of the option, without a word in its log.",
        "Correct the line.",
        "strongswan.conf(5), 5.9.8 (measured)",
    ),
    Entry(
        "SECRET-CUT",
        WARNING,
        "A secret that is likely not what was meant",
        "Without quotes a value ends at a # or at a closing brace, and several spaces count as one. A value that "
        "begins with 0x is read as hex, one that begins with 0s as base64. The peer, where the "
        "secret was written in another way, then has another one.",
        "Write the secret in quotes.",
        "strongSwan 5.9.8 (measured)",
    ),
    Entry(
        "UNKNOWN-KEY",
        ERROR,
        "A key that nobody knows",
        "The file has a key or section that its format does not define. strongSwan discards the whole "
        "connection then; elsewhere it has no effect. Either way the policy is not what it seems.",
        "Mend the spelling, or remove the line.",
        "docs/policies.md; swanctl.conf(5)",
    ),
    Entry(
        "NOT-IN-IKEV1",
        WARNING,
        "IKEv1 cannot name this algorithm",
        "IKEv1 has no number for the algorithm, so it is never offered: what is left of the proposal "
        "may be nothing, or something else than meant.",
        "Name an algorithm that IKEv1 has, or use IKEv2.",
        "IANA registries of RFC 2407 and 2409; R3, R10",
    ),
    Entry(
        "P2-NEVER-OFFERED",
        WARNING,
        "A Phase II proposal is never offered",
        "As initiator this stack offers the proposals of one PFS group and of one protocol only: the "
        "group of Phase I if any proposal names it, else the first one named; AH or ESP, whichever "
        "stands first. The others are left out, or go out garbled.",
        "Put proposals of other groups or protocols into children of their own.",
        "strongSwan 5.9.8, seen in runs; R10, R12",
    ),
    Entry(
        "MODE-BEET",
        ERROR,
        "IKEv1 cannot negotiate BEET",
        "IKEv1 has no number for BEET mode: as initiator strongSwan asks for tunnel mode and sets up "
        "BEET, which the other end does not; as responder it accepts nothing.",
        "Use tunnel or transport mode on both sides, or IKEv2.",
        "RFC 2407 section 4.5; strongSwan 5.9.8, seen in runs; R13",
    ),
    Entry(
        "DUPLICATE-KEY",
        WARNING,
        "A value is set twice",
        "The later value counts, the earlier one has no effect.",
        "Remove one of the two.",
        "swanctl.conf(5)",
    ),
    Entry(
        "IKEV2-ONLY",
        NOTE,
        "IKEv2 is out of scope",
        "The connection takes part in IKEv2 only; ikeproof speaks of IKEv1.",
        "Set version = 1 if it is meant for IKEv1.",
        "README.md",
    ),
    Entry(
        "INCLUDE-EMPTY",
        NOTE,
        "An include matches nothing",
        "The pattern of an include matches no file.",
        "Check the pattern, or remove the line.",
        "swanctl.conf(5)",
    ),
    Entry(
        "LIFE-BEFORE-REKEY",
        WARNING,
        "An SA expires before it is replaced",
        "life_time is not longer than rekey_time: packets are lost at each expiry.",
        "Make life_time longer than rekey_time.",
        "swanctl.conf(5); R17",
    ),
    Entry(
        "REAUTH-ONLY",
        NOTE,
        "reauth_time turns rekeying off",
        "Only reauth_time is set, which turns rekey_time off.",
        "State both if IKEv2 peers use the connection too.",
        "swanctl.conf(5)",
    ),
    Entry(
        "TS-IGNORED",
        ERROR,
        "A subnet that no SA carries",
        "IKEv1 negotiates one pair of selectors: of several in a list, the first local and the first remote one "
        "are offered, and nothing else. Packets of the others find no SA.",
        "Add a child for each.",
        "RFC 2409 section 5.5; swanctl.conf(5); strongSwan 5.9.8, seen in runs; R21",
    ),
    Entry(
        "SECRET-MISSING",
        WARNING,
        "A secret section without a secret",
        "The section names owners but no secret.",
        "Add the secret.",
        "swanctl.conf(5)",
    ),
)

CATALOGUE: dict[str, Entry] = {entry.id: entry for entry in _ENTRIES}
