"""Every finding there is: stable id, severity, what it means, how to fix it, and the source.

`ikeproof explain ID` prints an entry; a test compares the ids in use with this table.
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
    Entry("P1-NO-RESPONDER", ERROR, "Nobody answers",
        "Message 1 gets no answer: the initiator has no address to call, or calls one at which the responder does not "
        "answer. Packets are dropped or sent in clear, as without an SA.",
        "Correct the address that is called, or let the other end start.",
        "RFC 2409 section 5; R2"),
    Entry("P1-NO-CONNECTION", ERROR, "No connection for the caller's address",
        "The responder is reached, but none of its connections is for the address that the initiator calls from. It "
        "answers NO-PROPOSAL-CHOSEN, whatever is offered.",
        "State the caller's address in remote_addrs, or correct the address that one end states wrongly.",
        "strongSwan 5.9.8 (measured); R2"),
    Entry("P1-PROPOSAL", ERROR, "No common Phase I proposal",
        "The responder accepts none of the initiator's Phase I transforms. Encryption, hash, authentication method "
        "and Diffie-Hellman group must all match in one transform. Some implementations send only the first algorithm "
        "of each kind in a proposal.",
        "Configure one combination at both ends, as a proposal of its own.",
        "RFC 2409 section 5; RFC 2408 section 4.2; R3, R7"),
    Entry("P1-EXCHANGE-MODE", ERROR, "Main Mode and Aggressive Mode",
        "One end uses Main Mode and the other Aggressive Mode, or the responder rejects Aggressive Mode with a "
        "pre-shared key, because anybody could guess the key offline.",
        "Use Main Mode at both ends.",
        "RFC 2409 sections 5.1 to 5.4; R3"),
    Entry("P1-AUTH-METHOD", ERROR, "Different authentication methods",
        "One end uses an authentication method that the other does not accept.",
        "Use the same method at both ends.",
        "RFC 2409 section 5; R3, R5"),
    Entry("P1-PSK", ERROR, "Different pre-shared keys",
        "The two ends use different pre-shared keys for each other, or one finds none. In Main Mode the key is needed "
        "before any identity is known, so it is selected by address, or by the identities that the connections for "
        "that address state. The responder cannot decrypt message 5.",
        "Configure the same secret at both ends. Check which secret each end selects.",
        "RFC 2409 section 5.4; R5"),
    Entry("P1-CERTIFICATE", ERROR, "A certificate is not accepted",
        "One end rejects the other's certificate: no trust anchor leads to it, it is not valid today, it does not "
        "meet what is required, or it is not sent.",
        "Issue a certificate that the other end trusts, or install the trust anchor there.",
        "RFC 2409 section 5.1; R3, R5"),
    Entry("P1-IDENTITY", ERROR, "An identity is not accepted",
        "One end sends an identity that the other does not expect. An identity is a type and a value: an IP address "
        "never matches an FQDN.",
        "State the same identity as local here and as remote there.",
        "RFC 2407 section 4.6.2; R5"),
    Entry("P2-MODE-CONFIG", ERROR, "No virtual address is assigned",
        "Phase I comes up. Then one end waits for a virtual address (Mode Config) that the other end does not assign, "
        "so Quick Mode never begins.",
        "Set vips at the end that needs an address, and pools at the end that assigns it. Leave pull at its default "
        "at both ends.",
        "strongSwan 5.9.8 (measured); R10, R21"),
    Entry("P2-PROPOSAL", ERROR, "No common Phase II proposal",
        "Phase I comes up, but the ends have no ESP or AH transform in common, or their PFS groups differ. No packet "
        "passes.",
        "Configure one proposal at both ends, with the same PFS group or none.",
        "RFC 2409 section 5.5; R10, R12"),
    Entry("P2-MODE", ERROR, "Tunnel mode and transport mode",
        "One end uses tunnel mode and the other transport mode.",
        "Set the same mode at both ends.",
        "RFC 2407 section 4.5; R13"),
    Entry("P2-SELECTOR", ERROR, "Traffic selectors do not match",
        "The initiator proposes traffic selectors (client identities) that no Phase II policy of the responder "
        "allows. They are rejected with INVALID-ID-INFORMATION.",
        "Mirror the selectors: what is local here is remote there.",
        "RFC 2409 section 5.5; R21"),
    Entry("P2-LIFETIME", ERROR, "The lifetime is rejected",
        "The responder rejects the lifetime that is offered.",
        "Set the same lifetime at both ends.",
        "RFC 2407 section 4.5.4; R17"),
    Entry("UNDECIDED", NOTE, "Information is missing",
        "The outcome depends on something that is not in the files, for example a secret, a certificate, an address "
        "or a built-in default. Exit code 3, unless an error was found.",
        "Supply what is missing, or state it in the policy.",
        "docs/verify.md; R2"),
    Entry("ADDRESS-UNCONFIRMED", WARNING, "An address that only the other end names",
        "One end names the other's address, and the other's file does not: it has no local_addrs, and no identity, "
        "certificate or owner of a secret there is this address. If it is mistyped, nobody answers. The verdict "
        "assumes that it is right.",
        "State the address in local_addrs of the end that has it.",
        "docs/verify.md; R2"),
    Entry("ONE-WAY", WARNING, "Comes up from one end only",
        "The negotiation succeeds when one end starts it, and fails when the other does. After a restart or a "
        "rekeying it depends on which end starts.",
        "Fix the direction that fails.",
        "R2, R10"),
    Entry("START-IMPOSSIBLE", WARNING, "A child that cannot be started",
        "start_action asks this end to bring up the child, at once or on a packet, but its connection has no address "
        "to call. strongSwan logs that and does nothing.",
        "State the peer's address in remote_addrs, or remove start_action.",
        "strongSwan 5.9.8 (measured); R2"),
    Entry("NOTHING-TO-NEGOTIATE", NOTE, "No Phase II policy",
        "The connection has no child that negotiates. Phase I alone protects no packet.",
        "Add a child, or remove the connection.",
        "R2, R10"),
    Entry("AH-THROUGH-NAT", ERROR, "AH does not pass a NAT",
        "AH protects the addresses of the outer IP header, which a NAT changes. The negotiation succeeds, and the "
        "receiver drops every packet.",
        "Use ESP.",
        "RFC 3948 section 1; RFC 4302 section 3.3.3; strongSwan 5.9.8 (measured); R13"),
    Entry("NAT-WITHOUT-TRAVERSAL", WARNING, "ESP through a NAT without UDP encapsulation",
        "One end does not support NAT traversal (RFC 3947), so ESP is not encapsulated in UDP. Many NATs drop ESP, as "
        "it has no ports to translate.",
        "Use an implementation that supports NAT traversal, or an address that is not translated.",
        "RFC 3947; KB 818043; R13"),
    Entry("SAS-PILE-UP", WARNING, "Both ends renew Phase I, and SAs pile up",
        "Each end renews Phase I by its own timer, even if the other end has already renewed it, as long as the old "
        "SA exists (over_time). If both timers expire in that time, both renew: there are two Phase I SAs, each "
        "renewed by both ends, and their number doubles every time. Sometimes one end loses its Phase II SA while the "
        "other still uses it.",
        "Let one end renew: set rekey_time = 0 and reauth_time = 0 at the other, or times that differ by more than "
        "over_time and rand_time together.",
        "strongSwan 5.9.8 (measured with scaled lifetimes); R17"),
    Entry("RENEWAL-WITHOUT-OVERLAP", WARNING, "Phase I is deleted before it is renewed",
        "With over_time = 0 the Delete of the old Phase I SA is sent together with message 1 of the new one. The "
        "other end then deletes its Phase II SAs, while this end keeps them and goes on sending: those packets are "
        "lost.",
        "Leave over_time at its default.",
        "strongSwan 5.9.8 (measured with scaled lifetimes); R17, R19"),
    Entry("NEVER-RENEWED", WARNING, "A Phase II SA expires and neither end rekeys it",
        "The SA expires after the shorter life_time of the two ends, and neither end rekeys it before. Unless packets "
        "start a negotiation (start_action = trap), it stays down.",
        "Let one end rekey before the shorter life_time: rekey_time above 0 and below it.",
        "strongSwan 5.9.8 (measured with scaled lifetimes); R17, R19"),
    Entry("RENEWAL-RACE", WARNING, "Both ends rekey Phase II in the same second",
        "Both ends have the same rekey_time and no jitter, so both start a Quick Mode at the same moment. Both new "
        "SAs stay, and SAs pile up.",
        "Leave rand_time at its default, or set different times.",
        "strongSwan 5.9.8 (measured with scaled lifetimes); R17"),
    Entry("CLEAR-WITHOUT-SA", WARNING, "Packets are sent in clear without an SA",
        "Until an SA is up, and again after it expires or is deleted, packets that the policy should protect are sent "
        "in clear.",
        "With strongSwan: start_action = trap.",
        "strongSwan 5.9.8 (measured) and vendors' documents; R8"),
    Entry("CLEAR-AFTER-SILENCE", WARNING, "Clear text if nobody answers (soft SA)",
        "If nobody answers message 1, packets are sent in clear. An attacker who drops these messages can read the "
        "traffic.",
        "Do not allow unsecured communication for this traffic.",
        "R8; KB 234580"),
    Entry("WEAK-ENCRYPTION", WARNING, "Weak encryption",
        "DES can be broken in hours, NULL encrypts nothing, and ciphers with 64-bit blocks leak data after some "
        "gigabytes under one key.",
        "Offer AES.",
        "RFC 8221; R3, R10"),
    Entry("WEAK-HASH", WARNING, "Weak hash",
        "MD5 is broken as a hash. HMAC-MD5 and HMAC-SHA1 are not, but should not be used any more.",
        "Offer SHA-2.",
        "RFC 8221; R3, R10"),
    Entry("WEAK-GROUP", WARNING, "Weak Diffie-Hellman group",
        "Groups below 2048 bits are within reach of a strong attacker. One precomputation breaks every exchange in "
        "the same group.",
        "Offer modp2048 or larger.",
        "RFC 8247; R3"),
    Entry("WEAK-CERTIFICATE", WARNING, "A certificate that could be forged",
        "A strong attacker can break an RSA key below 2048 bits, or make a second certificate with the same MD5 or "
        "SHA-1 hash. strongSwan accepts both unless its configuration asks for more.",
        "Issue a new certificate. With strongSwan, require strength of the other end: auth = "
        "rsa-2048-sha256-sha384-sha512.",
        "RFC 8247; strongSwan 5.9.8 (measured); R3, R5"),
    Entry("NO-PFS", NOTE, "No PFS",
        "All session keys are derived from the Phase I secret. Whoever learns it can decrypt everything since Phase I "
        "began.",
        "Add a group to the Phase II proposals at both ends.",
        "RFC 2409 section 5.5; R12"),
    Entry("EXPOSURE-UNBOUNDED", NOTE, "One secret opens an unlimited amount",
        "Nothing in the policies limits how much data, or how much time, one Diffie-Hellman secret can decrypt.",
        "Use PFS, or limit lifetimes and the number of Quick Modes per Phase I SA.",
        "R12, R16"),
    Entry("OVERLAP", NOTE, "Phase II outlives Phase I",
        "A Phase II SA can remain for some time after its Phase I SA has ended. In that time no Delete can be sent, "
        "and the authentication is out of date.",
        "Set the Phase II lifetime to the time that you accept.",
        "R19, R20"),
    Entry("LIFE-DIFFERS", NOTE, "Different lifetimes",
        "The end with the shorter lifetime rekeys first, and the other keeps the old SA until it expires. If the "
        "first cannot start a negotiation, the connection breaks at that moment.",
        "Set the same lifetime at both ends.",
        "strongSwan 5.9 and Windows documents; R17"),
    Entry("DPD-TIMEOUT", WARNING, "A live peer is taken for dead",
        "strongSwan counts dpd_timeout from the last packet of the peer, and checks it when it sends R-U-THERE. A "
        "dpd_timeout that is not longer than dpd_delay has passed by then. Every SA that is idle for so long is "
        "deleted, although the peer would answer.",
        "Set dpd_timeout to several times dpd_delay, so that one lost answer does not matter.",
        "RFC 3706 section 5.5; strongSwan 5.9.8 (measured); R17"),
    Entry("DPD-IN-VAIN", WARNING, "Dead peer detection has no effect",
        "The policy enables dead peer detection, but one end does not support it, so none takes place. If the peer "
        "fails, its SAs remain until their lifetimes end, and packets sent under them are lost.",
        "Shorten the lifetimes to the time that you accept.",
        "RFC 3706 section 5.1; R17, R19"),
    Entry("OWN-IDENTITY", WARNING, "Both ends have the same identity",
        "Each end expects of the other the identity that it has itself. Whoever has the credential of one end can "
        "then pass for the other. strongSwan does not compare the two; ikeproof run does, and rejects a peer that "
        "shows its own identity.",
        "Give each end an identity of its own.",
        "docs/agreement.md (identity: both say the same name); R5"),
    Entry("SELECTOR-NARROWED", WARNING, "Traffic selectors are narrowed",
        "The ends have different selectors. Only packets that both select are protected; there is no SA for the "
        "others.",
        "Mirror the selectors.",
        "R21"),
    Entry("KERBEROS-IDENTITY", NOTE, "Kerberos shows the identities",
        "With Kerberos the names of both hosts are sent in clear in messages 1 and 2, and the ticket in message 3 "
        "shows realm and service.",
        "Use certificates where identities must stay hidden.",
        "R6"),
    Entry("AGGRESSIVE-MODE", WARNING, "Aggressive Mode shows the identities",
        "Identities are sent in clear. With a pre-shared key, anybody who answers or listens can guess the key "
        "offline.",
        "Use Main Mode.",
        "RFC 2409 section 5.4; R6"),
    Entry("CONNECTION-DISCARDED", WARNING, "A connection that swanctl does not load",
        "swanctl discards the connection with all its children, because of an unknown option or a value that it does "
        "not accept, for example an algorithm that this build lacks. The other connections of the file are loaded and "
        "judged.",
        "Correct the line.",
        "strongSwan 5.9.8 (measured)"),
    Entry("NOT-JUDGED", NOTE, "An option whose effect is not judged",
        "The option has an effect that two policies alone do not show: it depends on a token, a device or a script, "
        "or matters only when packets flow.",
        "Check it by hand at both ends.",
        "docs/policies.md"),
    Entry("IDENTITY-KIND", WARNING, "An identity of another type than it looks",
        "strongSwan accepts any text as an identity. A distinguished name with a keyword that it does not know "
        "becomes a key ID, a mistyped address becomes an FQDN, and what follows a prefix such as ipv4: is not "
        "converted. Types are compared first, so such an identity hardly ever matches.",
        "Correct the text, or state the type with its prefix.",
        "RFC 2407 section 4.6.2; strongSwan 5.9.8 (measured)"),
    Entry("OPTION-IGNORED", WARNING, "An option of strongswan.conf with an invalid value",
        "The daemon uses the default of the option instead, and logs nothing.",
        "Correct the line.",
        "strongswan.conf(5), 5.9.8 (measured)"),
    Entry("SECRET-CUT", WARNING, "A secret that is probably not what was meant",
        "Without quotes a value ends at a # or at a closing brace, and several spaces count as one. A value that "
        "begins with 0x is read as hexadecimal, one that begins with 0s as base64. If the peer's secret is written in "
        "another way, the two differ.",
        "Write the secret in quotes.",
        "strongSwan 5.9.8 (measured)"),
    Entry("VALUE-DOUBT", WARNING, "A value that is read in another way than it looks",
        "strongSwan loads the connection, but takes only a part of the value, or what it takes stands for nobody: "
        "entries that are not separated by commas, a prefix length that is not a number, a keyword without effect.",
        "Correct the value as the line says.",
        "strongSwan 5.9.8 (measured)"),
    Entry("SHUNT", NOTE, "A child that negotiates nothing",
        "With mode = pass or mode = drop a child is a rule for packets: they pass in clear, or are dropped, and nothing "
        "is negotiated for them.",
        "Nothing, if this is meant. Remove mode if the packets are to be protected.",
        "strongSwan 5.9.8 (measured)"),
    Entry("SHUNT-UNUSED", WARNING, "A rule for packets that is not installed",
        "strongSwan installs a child with mode = pass or mode = drop only with start_action = trap.",
        "Add start_action = trap.",
        "strongSwan 5.9.8 (measured)"),
    Entry("REFERENCE", WARNING, "A reference to a section that does not exist, or to itself",
        "`name : other { ... }` takes over what the section other contains. If there is none, strongSwan passes over "
        "the reference, and the values that were meant to come from it are missing.",
        "Define the section, or correct its name.",
        "strongSwan 5.9.8 (measured)"),
    Entry("UNKNOWN-KEY", ERROR, "An unknown key",
        "The file has a key or a section that its format does not define, so the policy is not what it seems. "
        "strongSwan discards the whole connection then; elsewhere the key has no effect.",
        "Correct the spelling, or remove the line.",
        "docs/policies.md; swanctl.conf(5)"),
    Entry("NOT-IN-IKEV1", WARNING, "An algorithm that IKEv1 does not have",
        "IKEv1 has no number for the algorithm, so it is never offered. The rest of the proposal may be empty, or "
        "something else than was meant.",
        "Use an algorithm that IKEv1 has, or IKEv2.",
        "IANA registries of RFC 2407 and 2409; R3, R10"),
    Entry("P2-NEVER-OFFERED", WARNING, "A Phase II proposal is never offered",
        "As initiator, this implementation offers the proposals of one PFS group and of one protocol only: the group "
        "of Phase I if a proposal has it, else the first one; AH or ESP, whichever comes first. Other proposals are "
        "left out, or sent garbled.",
        "Put proposals with other groups or protocols into children of their own.",
        "strongSwan 5.9.8 (measured); R10, R12"),
    Entry("MODE-BEET", ERROR, "IKEv1 cannot negotiate BEET",
        "IKEv1 has no number for BEET mode. As initiator strongSwan proposes tunnel mode and installs BEET, which the "
        "other end does not; as responder it accepts nothing.",
        "Use tunnel or transport mode at both ends, or IKEv2.",
        "RFC 2407 section 4.5; strongSwan 5.9.8 (measured); R13"),
    Entry("DUPLICATE-KEY", WARNING, "A key is set twice",
        "The later value counts, and the earlier one has no effect.",
        "Remove one of the two.",
        "swanctl.conf(5)"),
    Entry("IKEV2-ONLY", NOTE, "IKEv2 is not supported",
        "The connection is for IKEv2 only. ikeproof judges IKEv1.",
        "Set version = 1 if it is meant for IKEv1.",
        "README.md"),
    Entry("INCLUDE-EMPTY", NOTE, "An include matches no file",
        "The pattern of an include matches no file.",
        "Check the pattern, or remove the line.",
        "swanctl.conf(5)"),
    Entry("LIFE-BEFORE-REKEY", WARNING, "An SA expires before it is rekeyed",
        "life_time is not longer than rekey_time, so packets are lost whenever the SA expires.",
        "Make life_time longer than rekey_time.",
        "swanctl.conf(5); R17"),
    Entry("REAUTH-ONLY", NOTE, "reauth_time turns rekey_time off",
        "Only reauth_time is set, which turns rekey_time off.",
        "State both if IKEv2 peers use the connection too.",
        "swanctl.conf(5)"),
    Entry("TS-IGNORED", ERROR, "A subnet without an SA",
        "IKEv1 negotiates one pair of selectors. Of a list, strongSwan offers the first local and the first remote "
        "one, and nothing else. There is no SA for packets of the others.",
        "Add a child for each pair.",
        "RFC 2409 section 5.5; swanctl.conf(5); strongSwan 5.9.8 (measured); R21"),
    Entry("SECRET-MISSING", WARNING, "A secret section without a secret",
        "The section has owners (id) but no secret.",
        "Add the secret.",
        "swanctl.conf(5)"),
)  # fmt: skip

CATALOGUE: dict[str, Entry] = {entry.id: entry for entry in _ENTRIES}
