"""`secrets` of swanctl.conf: the pre-shared keys, as swanctl 5.9.8 loads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model.formats.swanctl import values
from model.formats.swanctl.identities import doubt, identity
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.policy import SharedSecret
from model.vocabulary.secrets import Secret

#: the kinds that swanctl loads, by the beginning of a section's name; small letters only
KINDS = ("eap", "xauth", "ntlm", "ike", "ppk", "private", "rsa", "ecdsa", "bliss", "pkcs8", "pkcs12", "token")  # fmt: skip


def shared_secrets(section: Section, findings: list[Finding]) -> Iterator[SharedSecret]:
    """The pre-shared keys in `secrets`; findings report the doubtful ones."""
    for name, item in section.sections.items():
        if not name.startswith(KINDS):
            mend = "name it for example ike-1" if name.lower().startswith("ike") else "remove it"
            findings.append(
                Finding(
                    "UNKNOWN-KEY",
                    Severity.WARNING,
                    item.place,
                    f"{name} is not a type of secret that swanctl knows, and is ignored",
                    mend,
                )
            )
        if not name.startswith("ike"):
            continue
        found = _secret(name, item, findings)
        if found is not None:
            yield found


def _secret(name: str, item: Section, findings: list[Finding]) -> SharedSecret | None:
    setting = item.values.get("secret")
    place = setting.place if setting else item.place
    octets = b""
    if setting is not None and setting.text:
        octets = values.secret_octets(setting)
    if setting is None or not octets:
        findings.append(
            Finding(
                "SECRET-MISSING",
                Severity.WARNING,
                place,
                f"{name} has no secret, so swanctl does not load it",
                'add secret = "..."',
            )
        )
        return None
    cut = _doubt(setting)
    if cut:
        findings.append(
            Finding(
                "SECRET-CUT",
                Severity.WARNING,
                place,
                f"the secret of {name} is probably not what was meant: {cut}",
                'write it in quotes: secret = "..."',
            )
        )
    named = [v for key, v in item.values.items() if key.startswith("id") and v.text]
    for one in named:
        findings += doubtful(one)
    owners = tuple(identity(one.text) for one in named)
    return SharedSecret(owners, Secret(name, place, octets), cut, item.place)


def doubtful(setting: Setting) -> Iterator[Finding]:
    """A finding about an identity that is probably not what was meant."""
    why = doubt(setting.text, identity(setting.text))
    if why:
        yield Finding(
            "IDENTITY-KIND",
            Severity.WARNING,
            setting.place,
            f"{setting.text!r}: {why}",
            f"if {identity(setting.text).described} is meant, write {identity(setting.text).written}; "
            "else correct it",
        )


def _doubt(setting: Setting) -> str:
    """Why a secret is probably not what was meant, in words that show none of it."""
    if setting.odd:
        return setting.odd
    head, rest = setting.text[:2].lower(), setting.text[2:]
    if head == "0x" and not re.fullmatch("[0-9a-fA-F:]*", rest):
        return "it begins with 0x, so it is read as hexadecimal, and a character that is not a digit counts as 0"
    if head == "0s" and not re.fullmatch("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}=+)?", rest):
        return "it begins with 0s, so it is read as base64, but is not valid base64"
    return ""
