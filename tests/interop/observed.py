"""What two charons did, out of their logs (strongSwan 5.9): outcome, reason, suite, selectors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

# charon says the same of a wrong exchange and a wrong method; and of a method that cannot be had and a
# private key that is not found.
EXCHANGE_OR_METHOD = "exchange-mode or auth-method"
METHOD_OR_KEY = "auth-method or certificate"

_CIPHERS = {"3DES_CBC": "3des", "DES_CBC": "des", "NULL": "null", "CAST_CBC_128": "cast128"}
_CIPHER = re.compile(
    r"^(?:NULL_)?(AES|CAMELLIA|BLOWFISH|SERPENT|TWOFISH)_(CBC|CTR|GCM_16|GCM_8|CCM_16|GMAC)_(\d+)$"
)
_WORDS = {word: word.lower() for word in ("AES", "CAMELLIA", "BLOWFISH", "SERPENT", "TWOFISH")}
_MODES = {
    "CBC": "", "CTR": "ctr", "GCM_16": "gcm16", "GCM_8": "gcm8", "CCM_16": "ccm16", "GMAC": "gmac",
}  # fmt: skip
_INTEGRITIES = {
    "HMAC_MD5_96": "md5",
    "HMAC_SHA1_96": "sha1",
    "HMAC_SHA2_256_128": "sha256",
    "HMAC_SHA2_256_96": "sha256-96",
    "HMAC_SHA2_384_192": "sha384",
    "HMAC_SHA2_512_256": "sha512",
    "AES_XCBC_96": "aesxcbc",
    "AES_CMAC_96": "aescmac",
    "AES_128_GMAC": "aes128gmac",
    "AES_192_GMAC": "aes192gmac",
    "AES_256_GMAC": "aes256gmac",
}
_GROUP = re.compile(r"^(MODP|ECP|CURVE)_(\d+)(?:_(\d+|BP))?$")

# (whose log, what it says, the reason), in the order in which they tell.
_PHASE1 = (
    ("initiator", r"unable to resolve \S+, initiate aborted|no remote address", "no-responder"),
    ("initiator", r"unsupported authentication", METHOD_OR_KEY),
    ("responder", r"no IKE config found", "no-connection"),
    ("responder", r"Aggressive Mode PSK disabled", "exchange-mode"),
    ("any", r"no proposal found|unable to apply received KE value", "proposal-p1"),
    ("any", r"no shared key found|calculated HASH does not match", "psk-mismatch"),
    ("responder", r"but none allows", EXCHANGE_OR_METHOD),
    ("responder", r"no peer config found", "identity"),
    ("initiator", r"IDir '.*' does not match", "identity"),
    ("any", r"no trusted .* public key found|no .* private key found", "certificate"),
    (
        "any",
        r"constraint|certificate .* invalid|(?:signatures|scheme \S+) not acceptable",
        "certificate",
    ),
    ("responder", r"could not decrypt|message parsing failed|decryption failed", "psk-mismatch"),
    # "(myself) failed" is said by a user that asks for XAUTH too, and stays up.
    ("any", r"XAuth authentication of '[^']*' failed|no XAuth (?:method|secret) found", "xauth"),
)
_PHASE2 = (
    ("initiator", r"traffic selector missing", "selector"),
    ("any", r"no matching proposal found", "proposal-p2"),
    ("responder", r"no matching CHILD_SA config", "selector"),
)
# With a key, the end that looked for one sends its next message.
_GOES_ON = re.compile(
    r"generating (?:ID_PROT \S+ 0 \[ (?:ID|KE)|AGGRESSIVE \S+ 0 \[ (?:HASH|ID|SA KE))"
)
_UP = r"IKE_SA (\S+)\[\d+\] established"
_CHILD = re.compile(r"CHILD_SA (\S+)\{\d+\} established with SPIs .* and TS (.*) === (.*)$")
_LEASED = re.compile(r"installing new virtual IP (\S+)|assigning virtual IP (\S+) to peer")
# Negotiated, and then too much for the userland ESP or the kernel of this machine.
_INSTALLATION = r"unable to install (?:inbound and outbound )?IPsec"
_NOTHING_CAME = "nothing arrived at the responder"
_IGNORED = "the responder ignores what arrives"


@dataclass(frozen=True)
class Observed:
    """One direction. `suite`: as `verify --format json` gives it, mode left out.

    selectors   of the first child, the initiator's first
    installed   False where Phase II was negotiated, but its SAs could not be installed here
    evidence    the line of the log that tells the reason
    children    where the selectors do not say it all, every child that came up: its name and its selectors (own, other) at the initiator, then
                at the responder, where they differ with a NAT between
    connection  of the responder, where Phase I came up
    leased      virtual addresses of the initiator
    """

    phase1: str
    reason1: str | None = None
    suite1: tuple[str, str, str] | None = None
    phase2: str | None = None
    reason2: str | None = None
    suite2: tuple[str, str | None, str | None, str | None] | None = None
    selectors: tuple[str, str] | None = None
    installed: bool = True
    evidence: str = ""
    children: tuple[tuple[str, ...], ...] = ()
    connection: str = ""
    leased: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As JSON keeps it: what says nothing is left out."""
        return {k: v for k, v in asdict(self).items() if v not in (None, "", True, ())}

    @classmethod
    def of(cls, record: dict[str, Any]) -> Observed:
        """From `record()`."""
        return cls(**{key: _tuples(value) for key, value in record.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def observe(initiator: list[str], responder: list[str]) -> Observed:
    """Read both logs of one negotiation."""
    initiator, responder = _fatal(initiator), _fatal(responder)
    logs = {"initiator": initiator, "responder": responder, "any": [*responder, *initiator]}
    suites = [_selected(log) for log in (initiator, responder)]
    first = suites[0].get("IKE") or suites[1].get("IKE")
    suite1 = _phase1_suite(first) if first else None
    up = [
        next((m for x in log if (m := re.search(_UP, x))), None) for log in (initiator, responder)
    ]
    reason, line = _reason(_PHASE1, logs)
    if up[0] is None or up[1] is None or reason == "xauth":
        if reason is None and not any(x.startswith("ENC parsed") for x in responder):
            came = any("received packet" in x for x in responder)
            refused = [x for x in initiator if x.startswith("CFG swanctl: ")]
            refused.sort(key=lambda x: "loading connection" not in x)
            line = refused[0] if refused else (_IGNORED if came else _NOTHING_CAME)
            reason = "no-responder"
        return Observed("fails", reason or "unknown", None, evidence=line)
    leased = tuple(dict.fromkeys(m[1] for x in initiator if (m := _LEASED.search(x)) and m[1]))
    known = Observed("established", None, suite1, connection=up[1][1], leased=leased)
    children = _children(initiator, responder)
    installation = next((x for x in logs["any"] if re.search(_INSTALLATION, x)), None)
    if not children and installation is None:
        reason, line = _reason(_PHASE2, logs)
        if reason is None and not any("generating QUICK_MODE" in x for x in initiator):
            reason, line = "mode-config", "Quick Mode waits for an address that is not given"
        if reason == "selector" and any("found matching child config" in x for x in responder):
            reason = "mode"  # a child for these selectors there is, but not in this mode
        return replace(known, phase2="fails", reason2=reason or "unknown", evidence=line)
    second = suites[1].get("ESP") or suites[1].get("AH")
    suite2 = _phase2_suite(second) if second else None
    known = replace(known, phase2="established", suite2=suite2)
    if installation is not None:
        return replace(known, installed=False, evidence=installation)
    selectors = (children[0][1], children[0][2])
    alone = len(children) == 1 and children[0][1:3] == children[0][:3:-1]
    return replace(known, selectors=selectors, children=() if alone else children)


def _children(initiator: list[str], responder: list[str]) -> tuple[tuple[str, ...], ...]:
    """What came up at the initiator, each with what the responder has for it."""
    ours, theirs = (
        [(m[1], _plain(m[2]), _plain(m[3])) for x in log if (m := _CHILD.search(x))]
        for log in (initiator, responder)
    )
    missing = [("", "", "")] * (len(ours) - len(theirs))
    return tuple((*mine, *other) for mine, other in zip(ours, theirs + missing, strict=False))


def _fatal(log: list[str]) -> list[str]:
    """A log without the keys that were not found by identity, and then by address."""
    going_on = [number for number, line in enumerate(log) if _GOES_ON.search(line)]
    last = going_on[-1] if going_on else -1
    return [x for number, x in enumerate(log) if number > last or "no shared key found" not in x]


def _reason(
    rules: Iterable[tuple[str, str, str]], logs: dict[str, list[str]]
) -> tuple[str | None, str]:
    for whose, pattern, reason in rules:
        for line in logs[whose]:
            if re.search(pattern, line):
                return reason, line
    return None, ""


def _selected(log: list[str]) -> dict[str, str]:
    """The last proposal selected, by protocol."""
    found = {}
    for line in log:
        match = re.search(r"selected proposal: (IKE|ESP|AH):(\S+)", line)
        if match:
            found[match[1]] = f"{match[1]}:{match[2]}"
    return found


def _phase1_suite(text: str) -> tuple[str, str, str]:
    parts = text.partition(":")[2].split("/")
    return (
        next(filter(None, map(_cipher, parts)), "?"),
        next((_INTEGRITIES[part] for part in parts if part in _INTEGRITIES), "?"),
        next(filter(None, map(_group, parts)), "?"),
    )


def _phase2_suite(text: str) -> tuple[str, str | None, str | None, str | None]:
    protocol, _, rest = text.partition(":")
    parts = rest.split("/")
    return (
        protocol.lower(),
        next(filter(None, map(_cipher, parts)), None),
        next((_INTEGRITIES[part] for part in parts if part in _INTEGRITIES), None),
        next(filter(None, map(_group, parts)), None),
    )


def _cipher(part: str) -> str | None:
    match = _CIPHER.match(part)
    if match:
        return f"{_WORDS[match[1]]}{match[3]}{_MODES[match[2]]}"
    return _CIPHERS.get(part)


def _group(part: str) -> str | None:
    match = _GROUP.match(part)
    if not match:
        return None
    more = match[3].lower() if match[3] else ""
    return f"{match[1].lower()}{match[2]}" + (f"s{more}" if more.isdigit() else more)


def _plain(selector: str) -> str:
    """charon's text of a selector as ours: names of protocols and services as numbers."""
    numbers = {"tcp": "6", "udp": "17", "icmp": "1", "http": "80", "https": "443"}
    return re.sub(r"(?<=[\[/])[a-z]+", lambda m: numbers.get(m[0], m[0]), selector).replace(
        "..", "-"
    )
