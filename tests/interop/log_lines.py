"""What charon logs for each kind of finding, at which end: tests/data/charon/logs.json, from real runs.

Made with the records: python -m tests.interop.records --live

For each pattern the file keeps a line of a run that it matches, the case, and how each run ended in which it
was seen: a line that is seen with several reasons only points to them. `by_default`: it is logged at the level
that strongSwan has unless told otherwise (1), not only at 2.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.interop.cases import DATA, Case
from tests.interop.harness import Lines, run
from tests.interop.observed import Observed
from tests.interop.pki import PKI

LOGS = DATA / "charon" / "logs.json"
Observations = dict[str, dict[str, Observed]]
INITIATOR, RESPONDER, EITHER = "initiator", "responder", "either"
#: finding, whose log, pattern, and the reasons of which an example is taken (none: any run will do)
PATTERNS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("P1-NO-RESPONDER", INITIATOR, r"unable to resolve (.+), initiate aborted", ("no-responder",)),
    ("P1-NO-RESPONDER", INITIATOR, r"establishing IKE_SA failed, peer not responding", ("no-responder",)),
    ("P1-NO-RESPONDER", INITIATOR, r"giving up after \d+ retransmits", ("no-responder",)),
    ("P1-NO-RESPONDER", INITIATOR, r"error writing to socket: Network is unreachable", ("no-responder",)),
    ("P1-NO-CONNECTION", RESPONDER, r"no IKE config found for (\S+)\.\.\.(\S+), sending NO_PROPOSAL_CHOSEN",
     ("no-connection",)),
    ("P1-NO-CONNECTION", INITIATOR, r"received NO_PROPOSAL_CHOSEN error notify", ("no-connection",)),
    ("P1-PROPOSAL", RESPONDER, r"no proposal found", ("proposal-p1",)),
    ("P1-PROPOSAL", RESPONDER, r"received proposals: (IKE:.+)", ("proposal-p1",)),
    ("P1-PROPOSAL", RESPONDER, r"no acceptable (\S+) found", ("proposal-p1",)),
    ("P1-PROPOSAL", INITIATOR, r"received NO_PROPOSAL_CHOSEN error notify", ("proposal-p1",)),
    ("P1-PROPOSAL", RESPONDER, r"invalid DH public value size \(\d+ bytes\) for (\S+)", ("proposal-p1",)),
    ("P1-PROPOSAL", RESPONDER, r"unable to apply received KE value", ("proposal-p1",)),
    ("P1-PROPOSAL", INITIATOR, r"received UNSUPPORTED_CRITICAL_PAYLOAD error notify", ("proposal-p1",)),
    ("P1-EXCHANGE-MODE", RESPONDER, r"Aggressive Mode PSK disabled for security reasons", ("exchange-mode",)),
    ("P1-EXCHANGE-MODE", RESPONDER, r"found \d+ matching config, but none allows (.+) using (Main|Aggressive) Mode",
     ("exchange-mode or auth-method",)),
    ("P1-EXCHANGE-MODE", INITIATOR, r"received AUTHENTICATION_FAILED error notify", ("exchange-mode",)),
    ("P1-AUTH-METHOD", RESPONDER, r"found \d+ matching config, but none allows (.+) using (Main|Aggressive) Mode",
     ("exchange-mode or auth-method",)),
    ("P1-AUTH-METHOD", INITIATOR, r"configuration uses unsupported authentication", ("auth-method or certificate",)),
    ("P1-PSK", EITHER, r"no shared key found for (.+)", ("psk-mismatch",)),
    ("P1-PSK", RESPONDER, r"invalid ID_V1 payload length, decryption failed\?", ("psk-mismatch",)),
    ("P1-PSK", RESPONDER, r"could not decrypt payloads", ("psk-mismatch",)),
    ("P1-PSK", RESPONDER, r"message parsing failed", ("psk-mismatch",)),
    ("P1-PSK", RESPONDER, r"ignore malformed INFORMATIONAL request", ("psk-mismatch",)),
    ("P1-PSK", INITIATOR, r"received INVALID_KE_PAYLOAD error notify", ("psk-mismatch",)),
    ("P1-PSK", INITIATOR, r"invalid HASH_V1 payload length, decryption failed\?", ("psk-mismatch",)),
    ("P1-PSK", INITIATOR, r"message parsing failed", ("psk-mismatch",)),
    ("P1-CERTIFICATE", EITHER, r"no trusted RSA public key found for (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"no RSA private key found for (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"no issuer certificate found for (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"(?:subject )?certificate invalid \(valid from (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"certificate was revoked on (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"constraint check failed: (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"RSA-\d+ signatures not acceptable", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"signature scheme (\S+) not acceptable", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"self-signed certificate \"(.+)\" is not trusted", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"crl is stale: since (.+)", ("certificate",)),
    ("P1-CERTIFICATE", EITHER, r"no private key found for '(.+)'", ("certificate", "auth-method or certificate")),
    ("P1-PSK", INITIATOR, r"calculated HASH does not match HASH payload", ("psk-mismatch",)),
    ("SECRET-MISSING", EITHER, r"loading shared secret failed: shared key data missing", ()),
    ("P1-PSK", RESPONDER, r"generating INFORMATIONAL_V1 request \d+ \[ HASH N\(PLD_MAL\) \]", ("psk-mismatch",)),
    ("P1-CERTIFICATE", EITHER, r"received AUTHENTICATION_FAILED error notify", ("certificate",)),
    ("P1-IDENTITY", RESPONDER, r"no peer config found", ("identity",)),
    ("P1-IDENTITY", RESPONDER, r"looking for (.+) peer configs matching (\S+)\.\.\.(.+)\[(.+)\]", ("identity",)),
    ("P1-IDENTITY", INITIATOR, r"IDir '(.+)' does not match to '(.+)'", ("identity",)),
    ("P1-IDENTITY", INITIATOR, r"received AUTHENTICATION_FAILED error notify", ("identity",)),
    ("P2-PROPOSAL", RESPONDER, r"no matching proposal found, sending NO_PROPOSAL_CHOSEN", ("proposal-p2",)),
    ("P2-PROPOSAL", RESPONDER, r"received proposals: ((?:ESP|AH):.+)", ("proposal-p2",)),
    ("P2-PROPOSAL", INITIATOR, r"received NO_PROPOSAL_CHOSEN error notify", ("proposal-p2",)),
    ("P2-MODE", RESPONDER, r"no matching CHILD_SA config found for (.+) === (.+)", ("mode",)),
    ("P2-MODE", RESPONDER, r"found matching child config \"(.+)\" with prio \d+", ("mode",)),
    ("P2-MODE", INITIATOR, r"received INVALID_ID_INFORMATION error notify", ("mode",)),
    ("P2-SELECTOR", RESPONDER, r"no matching CHILD_SA config found for (.+) === (.+)", ("selector",)),
    ("P2-SELECTOR", INITIATOR, r"received INVALID_ID_INFORMATION error notify", ("selector",)),
    ("P2-SELECTOR", INITIATOR, r"(?:local|remote) traffic selector missing in configuration", ("selector",)),
    ("MODE-CONFIG", RESPONDER, r"no virtual IP found for (\S+) requested by '(.+)'", ()),
    ("XAUTH", EITHER, r"XAuth authentication of '(.+)' (?:\(myself\) )?failed", ("xauth",)),
    ("XAUTH", RESPONDER, r"no XAuth method found for '(.+)'", ("xauth",)),
    ("UNKNOWN-ALGORITHM", EITHER, r"loading connection '(.+)' failed: invalid value for: (?:proposals|esp_proposals)", ()),
    ("UNKNOWN-KEY", EITHER, r"loading connection '(.+)' failed: unknown option: (.+), config discarded", ()),
    ("SELECTOR-NARROWED", RESPONDER, r"config: (\S+), received: (?!\1 )(\S+) => match: (\S+)", ("established",)),
    ("AGGRESSIVE-MODE", INITIATOR, r"initiating Aggressive Mode IKE_SA (.+) to (\S+)", ()),
    ("AGGRESSIVE-MODE", RESPONDER, r"(\S+) is initiating a Aggressive Mode IKE_SA", ()),
    ("WEAK-ENCRYPTION", EITHER, r"selected proposal: \w+:(?:DES_CBC|3DES_CBC|NULL|BLOWFISH|CAST)\S*", ()),
    ("WEAK-HASH", EITHER, r"selected proposal: \S*HMAC_MD5\S*", ()),
    ("WEAK-GROUP", EITHER, r"selected proposal: \S*MODP_(?:768|1024|1536)\b\S*", ()),
    ("NO-PFS", EITHER, r"selected proposal: (?:ESP|AH):(?!\S*(?:MODP|ECP|CURVE))\S+", ()),
    ("LIFE-DIFFERS", RESPONDER, r"received (\d+)s lifetime, configured (\d+)s", ()),
    ("LIFE-DIFFERS", RESPONDER, r"received (\d+) lifebytes, configured (\d+)", ()),
    ("NAT", EITHER, r"(local|remote) host is behind NAT", ()),
)  # fmt: skip


def ended(seen: Observed) -> str:
    """How a run ended, in one word."""
    return seen.reason1 or seen.reason2 or "established"


def entries(lines: Lines, seen: Observations, cases: Iterable[Case]) -> Iterator[dict[str, Any]]:
    """Each pattern with a line that it matches, and how the runs ended in which it was seen."""
    runs = list(_runs(lines, seen, cases))
    for finding, end, pattern, wanted in PATTERNS:
        compiled, count = re.compile(pattern), Counter[str]()
        line = name = ""
        for case, outcome, logs in runs:
            ends = (INITIATOR, RESPONDER) if end == EITHER else (end,)
            hits = [x for one in ends for x in logs[one] if compiled.search(x)]
            if not hits:
                continue
            count[outcome] += 1
            if not line and (not wanted or outcome in wanted):
                line, name = hits[0], case
        yield {
            "finding": finding, "end": end, "pattern": pattern, "line": line, "case": name,
            "seen_with": dict(count.most_common()),
        }  # fmt: skip


def _runs(
    lines: Lines, seen: Observations, cases: Iterable[Case]
) -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    for case in cases:
        for start in case.started:
            both = lines[case.name][start.key]
            other = "cmd" if start.side == "peer" else "peer"
            logs = {INITIATOR: both[start.side], RESPONDER: both[other]}
            yield case.name, ended(seen[case.name][start.key]), logs


def write_log_lines(
    lines: Lines, seen: Observations, cases: Iterable[Case], pki: PKI, version: str
) -> None:
    """Keep what was seen. ValueError: a pattern was not."""
    cases = list(cases)
    found = list(entries(lines, seen, cases))
    shown = {item["case"] for item in found}
    plain = run([case for case in cases if case.name in shown], pki, log_level=1)
    for item in found:
        logs = [log for both in plain.get(item["case"], {}).values() for log in both.values()]
        item["by_default"] = any(re.search(item["pattern"], x) for log in logs for x in log)
    rows = ",\n".join(f"  {json.dumps(item)}" for item in found if item["line"])
    head = json.dumps({"strongswan": version})
    LOGS.write_text(f'{{"made_by": {head}, "lines": [\n{rows}\n]}}\n')
    missing = [f"{item['finding']}: {item['pattern']}" for item in found if not item["line"]]
    if missing:
        raise ValueError("not seen in any log: " + "; ".join(missing))
