"""What strongSwan's charon (5.9.8) logs for a finding, and at which end, as measured.

A test compares the table with the runs that are kept (tests/data/charon/logs.json). A line
with `sure` identifies the finding by itself; the others only together with nearby lines (see `logs`).
"""

from __future__ import annotations

from dataclasses import dataclass

INITIATOR, RESPONDER, EITHER = "initiator", "responder", "either"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One kind of line: a regular expression for its text, and an example."""

    finding: str
    end: str
    pattern: str
    example: str
    sure: bool = True


def _line(finding: str, end: str, pattern: str, example: str = "", *, sure: bool = True) -> LogLine:
    return LogLine(finding, end, pattern, example or pattern, sure)


LOG_LINES: tuple[LogLine, ...] = (
    _line("P1-NO-RESPONDER", INITIATOR, r"unable to resolve (.+), initiate aborted",
          "unable to resolve %any, initiate aborted"),
    _line("P1-NO-RESPONDER", INITIATOR, r"giving up after \d+ retransmits",
          "giving up after 5 retransmits", sure=False),
    _line("P1-NO-RESPONDER", INITIATOR, r"error writing to socket: Network is unreachable"),
    _line("P1-NO-CONNECTION", RESPONDER,
          r"no IKE config found for (\S+)\.\.\.(\S+), sending NO_PROPOSAL_CHOSEN",
          "no IKE config found for 192.0.2.2...192.0.2.1, sending NO_PROPOSAL_CHOSEN"),
    _line("P1-PROPOSAL", RESPONDER, r"no proposal found"),
    _line("P1-PROPOSAL", RESPONDER, r"invalid DH public value size \(\d+ bytes\) for (\S+)",
          "invalid DH public value size (256 bytes) for ECP_256"),
    _line("P1-PROPOSAL", INITIATOR, r"received NO_PROPOSAL_CHOSEN error notify", sure=False),
    _line("P1-EXCHANGE-MODE", RESPONDER, r"Aggressive Mode PSK disabled for security reasons"),
    _line("P1-EXCHANGE-MODE", RESPONDER,
          r"found \d+ matching config, but none allows (.+) using (Main|Aggressive) Mode",
          "found 1 matching config, but none allows pre-shared key authentication using Main Mode",
          sure=False),
    _line("P1-AUTH-METHOD", RESPONDER,
          r"found \d+ matching config, but none allows (.+) using (Main|Aggressive) Mode",
          "found 1 matching config, but none allows RSA signature authentication using Main Mode",
          sure=False),
    _line("P1-AUTH-METHOD", INITIATOR, r"configuration uses unsupported authentication"),
    _line("P1-PSK", EITHER, r"no shared key found for (.+)",
          "no shared key found for 'hub.example'[192.0.2.1] - '%any'[192.0.2.2]", sure=False),
    _line("P1-PSK", RESPONDER, r"invalid ID_V1 payload length, decryption failed\?",
          "invalid ID_V1 payload length, decryption failed?"),
    _line("P1-PSK", RESPONDER, r"could not decrypt payloads"),
    _line("P1-PSK", EITHER, r"calculated HASH does not match HASH payload"),
    _line("P1-PSK", INITIATOR, r"invalid HASH_V1 payload length, decryption failed\?",
          "invalid HASH_V1 payload length, decryption failed?"),
    _line("P1-CERTIFICATE", EITHER, r"no trusted RSA public key found for (.+)",
          "no trusted RSA public key found for 'CN=gw.example'"),
    _line("P1-CERTIFICATE", EITHER, r"no RSA private key found for (.+)",
          "no RSA private key found for 'gw.example'"),
    _line("P1-CERTIFICATE", EITHER, r"no issuer certificate found for (.+)",
          'no issuer certificate found for "CN=gw.example"'),
    _line("P1-CERTIFICATE", EITHER, r"(?:subject )?certificate invalid \(valid from (.+)",
          "subject certificate invalid (valid from Jan 01 00:00:00 2020 to Jan 01 00:00:00 2021)"),
    _line("P1-CERTIFICATE", EITHER, r"certificate was revoked on (.+)",
          "certificate was revoked on Jan 01 00:00:00 UTC 2026, reason: unspecified"),
    _line("P1-CERTIFICATE", EITHER, r"constraint check failed: (.+)",
          "constraint check failed: peer not authenticated by CA 'CN=ca'"),
    _line("P1-IDENTITY", RESPONDER, r"no peer config found"),
    _line("P1-IDENTITY", INITIATOR, r"IDir '(.+)' does not match to '(.+)'",
          "IDir '192.0.2.2' does not match to 'gw.example'"),
    _line("P1-IDENTITY", INITIATOR, r"received AUTHENTICATION_FAILED error notify", sure=False),
    _line("P2-PROPOSAL", RESPONDER, r"no matching proposal found, sending NO_PROPOSAL_CHOSEN"),
    _line("P2-PROPOSAL", INITIATOR, r"received NO_PROPOSAL_CHOSEN error notify", sure=False),
    _line("P2-MODE", RESPONDER, r"no matching CHILD_SA config found for (.+) === (.+)",
          "no matching CHILD_SA config found for 10.1.0.0/16 === 10.2.0.0/16", sure=False),
    _line("P2-SELECTOR", RESPONDER, r"no matching CHILD_SA config found for (.+) === (.+)",
          "no matching CHILD_SA config found for 10.1.0.0/16 === 10.2.0.0/16", sure=False),
    _line("P2-SELECTOR", INITIATOR, r"received INVALID_ID_INFORMATION error notify", sure=False),
    _line("P2-SELECTOR", INITIATOR, r"(?:local|remote) traffic selector missing in configuration",
          "local traffic selector missing in configuration"),
    _line("AGGRESSIVE-MODE", INITIATOR, r"initiating Aggressive Mode IKE_SA (.+) to (\S+)",
          "initiating Aggressive Mode IKE_SA hub[1] to 192.0.2.2"),
    _line("AGGRESSIVE-MODE", RESPONDER, r"(\S+) is initiating a Aggressive Mode IKE_SA",
          "192.0.2.1 is initiating a Aggressive Mode IKE_SA"),
    _line("WEAK-ENCRYPTION", EITHER,
          r"selected proposal: \w+:(?:DES_CBC|3DES_CBC|NULL|BLOWFISH|CAST)\S*",
          "selected proposal: IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"),
    _line("WEAK-HASH", EITHER, r"selected proposal: \S*HMAC_MD5\S*",
          "selected proposal: ESP:3DES_CBC/HMAC_MD5_96/NO_EXT_SEQ"),
    _line("WEAK-GROUP", EITHER, r"selected proposal: \S*MODP_(?:768|1024|1536)\b\S*",
          "selected proposal: IKE:3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"),
    _line("NO-PFS", EITHER, r"selected proposal: (?:ESP|AH):(?!\S*(?:MODP|ECP|CURVE))\S+",
          "selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ"),
    _line("LIFE-DIFFERS", RESPONDER, r"received (\d+)s lifetime, configured (\d+)s",
          "received 3960s lifetime, configured 3600s"),
)  # fmt: skip


def lines_of(finding: str) -> tuple[LogLine, ...]:
    """The lines that a finding leaves in a log."""
    return tuple(item for item in LOG_LINES if item.finding == finding)
