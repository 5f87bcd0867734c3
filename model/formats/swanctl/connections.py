"""Sections of swanctl.conf -> connections, children and secrets of the vocabulary."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from model.formats.swanctl import keys, values
from model.formats.swanctl.doubts import doubts
from model.formats.swanctl.files import Files
from model.formats.swanctl.identities import identity as read_identity
from model.formats.swanctl.lifetimes import detection, phase1_life, phase2_life
from model.formats.swanctl.pools import pool_names, virtual_addresses
from model.formats.swanctl.proposals import phase1_proposals, phase2_proposals
from model.formats.swanctl.secrets import doubtful
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.places import Place, PolicyError, Stated
from model.vocabulary.policy import (
    Action,
    AddressPattern,
    Authentication,
    CertificateFile,
    Child,
    Connection,
    Credentials,
    Shows,
    Strength,
    WhenDead,
    WithoutSA,
)
from model.vocabulary.selectors import Selector
from model.vocabulary.suites import AuthMethod, Exchange, Hash, Mode
from model.vocabulary.x509 import subject

_SIGNED_WITH = ("md5", "sha1", "sha256", "sha384", "sha512")


class Importer:
    """Reads the sections of one file tree, and the files that they name."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.findings: list[Finding] = []
        self.raw_keys: list[CertificateFile] = []

    # ---- connections
    def connection(self, section: Section) -> Connection:
        """One section of `connections`. PolicyError: swanctl discards this section, and no other."""
        mark = len(self.findings)
        try:
            return self._connection(section)
        except PolicyError:
            del self.findings[mark:]
            raise

    def _connection(self, section: Section) -> Connection:
        keys.check(section, "connection")
        keys.check_sections(section, _SECTIONS, "connection")
        _printable(section)
        self.findings += keys.remarks(section, "connection")
        get = section.values.get
        version = values.number(v) if (v := get("version")) and v.text else 0
        if version not in (0, 1, 2):
            raise _wrong(
                get("version"), f"version {version} is not a version of IKE", "write version = 1"
            )
        versions = frozenset({1, 2}) if version == 0 else frozenset({version})
        if 1 not in versions:
            self.findings.append(
                Finding(
                    "IKEV2-ONLY",
                    Severity.NOTE,
                    get("version", Setting("", section.place)).place,
                    f"connection {section.name} is for IKEv2 only, which is not supported",
                    "write version = 1 if it is meant for IKEv1",
                )
            )
        life, found = phase1_life(section)
        signs, odd = detection(section)
        self.findings += [*found, *odd]
        aggressive, pull = _given(get("aggressive")), _given(get("pull"))
        mediates = _given(get("mediation"))
        start, call = _given(get("local_port")), _given(get("remote_port"))
        children = _named(section, "children")
        read = Connection(
            name=section.name,
            place=section.place,
            versions=Stated(versions, _place(get("version"))),
            initiates=1 if version == 1 else 2,
            exchange=Stated(
                Exchange.AGGRESSIVE if aggressive and values.switch(aggressive) else Exchange.MAIN,
                _place(aggressive),
            ),
            local_addresses=_addresses(get("local_addrs")),
            remote_addresses=_addresses(get("remote_addrs")),
            proposals=phase1_proposals(get("proposals")),
            authentications=(self._authentication(section),),
            life=life,
            children=tuple(self._children(children)) if children else (),
            phase2_limit=Stated(None),
            master_key_pfs=Stated(False),
            detection=signs,
            virtual_addresses=virtual_addresses(get("vips")),
            pools=pool_names(get("pools")),
            pulls=Stated(values.switch(pull) if pull else True, _place(pull)),
            local_port=Stated(_port(start) or None, _place(start)),
            remote_port=Stated(_port(call) if call else 500, _place(call)),
            mediation=Stated(values.switch(mediates) if mediates else False, _place(mediates)),
            shows_certificate=_shows(_given(get("send_cert"))),
            asks_certificate=_asks(_given(get("send_certreq"))),
        )
        self.findings += doubts(section)
        return read

    # ---- authentication
    def _authentication(self, section: Section) -> Authentication:
        local, remote = self._rounds(section, "local"), self._rounds(section, "remote")
        place = section.place
        for item in (*local[1:], *remote[1:]):  # wrong files discard the connection here too
            self._credentials(item, own=False)
        pair = _pair_method(list(map(_kind, local)), list(map(_kind, remote)))
        for item in (*local, *remote):
            if "auth" in item.values:
                place = item.values["auth"].place
                break
        return Authentication(
            Stated(pair, place),
            self._credentials(local[0], own=True) if local else _nobody(section.place),
            self._credentials(remote[0], own=False) if remote else _nobody(section.place),
            # With XAUTH in both directions it starts as the user, and answers only users.
            _ASKS_BACK.get(pair) if len(local) > 1 and len(remote) > 1 else None,
        )

    def _rounds(self, section: Section, side: str) -> list[Section]:
        found = []
        for position, (name, item) in enumerate(section.sections.items()):
            match = keys.AUTH_SECTION.fullmatch(name)
            if match and match[1].lower() == side:
                keys.check(item, "auth")
                keys.check_sections(item, keys.CERT_SECTION, "auth")
                self.findings += keys.remarks(item, "auth")
                for one in item.sections.values():
                    keys.check(one, "cert")
                    self.findings += keys.remarks(one, "cert")
                order = _given(item.values.get("round"))
                found.append((values.number(order) if order else 0, position, item))
        return [item for _, _, item in sorted(found, key=lambda entry: entry[:2])]

    def _credentials(self, section: Section, *, own: bool) -> Credentials:
        stated = section.values.get("id")
        identity: Stated[Identity | None] = Stated(None if own else ANY_IDENTITY)
        if stated is not None and stated.text:
            identity = Stated(read_identity(stated.text), stated.place)
            self.findings += doubtful(stated)
        certs, anchors = self.files.certificates(section), self.files.anchors(section)
        raw = self.files.public_keys(section)
        pubkey = _kind(section) == "pubkey"
        unnamed = own and not certs and pubkey
        if unnamed:
            certs = self.files.folder("x509", section.place)
        if raw and own and pubkey and identity.value is None:
            identity = _implied(section, [] if unnamed else certs, raw) or identity
        self.raw_keys += [item for item in raw if item.der is not None]
        if not own:
            if stated is None or not stated.text:
                identity = _implied(section, certs, raw) or identity
            by_name = stated is not None and bool(stated.text) and _exact(identity.value)
            certs += [replace(item, by_hash=not by_name) for item in raw]
        revocation = section.values.get("revocation")
        return Credentials(
            identity,
            tuple(certs),
            tuple(anchors),
            keys=tuple(self.files.keys(section.place)) if own and pubkey else (),
            revocation=Stated(revocation.text, revocation.place) if revocation else None,
            strength=None if own else _strength(section.values.get("auth")),
            place=section.place,
            unnamed=unnamed,
            groups=_listed(None if own else section.values.get("groups")),
            policies=_listed(None if own else section.values.get("cert_policy")),
            authority=None if own else _identity(_given(section.values.get("ca_id"))),
            eap_identity=None if own else _eap_identity(section),
        )

    # ---- children
    def _children(self, section: Section) -> Iterator[Child]:
        for name, child in section.sections.items():
            yield self._child(name, child)

    def _child(self, name: str, section: Section) -> Child:
        keys.check(section, "child")
        self.findings += keys.remarks(section, "child")
        get = section.values.get
        mode, action = _mode(get("mode"))
        life, found = phase2_life(section)
        self.findings += found
        start, dead = get("start_action"), get("dpd_action")
        label = _given(get("label"))
        starts = _actions(start, "start_action", "write none, trap or start")
        after = _actions(dead, "dpd_action", "write clear, trap or restart")
        trap = bool(starts & {"trap", "route"})
        without = WithoutSA.DROPPED if trap else WithoutSA.CLEAR
        if action is Action.BLOCK:
            without = WithoutSA.DROPPED
        read = Child(
            name=name,
            place=section.place,
            action=Stated(action, _place(get("mode"))),
            mode=Stated(mode, _place(get("mode"))),
            proposals=phase2_proposals(section),
            local=self._selectors(get("local_ts"), "local_ts"),
            remote=self._selectors(get("remote_ts"), "remote_ts"),
            life=life,
            without_sa=Stated(without, _place(start)),
            inbound_clear=Stated(without is WithoutSA.CLEAR, _place(start)),
            starts=Stated(trap or "start" in starts, _place(start)),
            when_dead=Stated(_when_dead(after), _place(dead)),
            label=Stated(label.text if label else None, _place(label)),
            proxy=_is_proxy(get("mode")),
        )
        self.findings += [*doubts(section), *_shunt(read, trap=trap)]
        return read

    def _selectors(self, setting: Setting | None, key: str) -> tuple[Stated[Selector], ...]:
        if setting is None or not values.words(setting):
            return (Stated(values.selector("dynamic", Setting("", Place("", 0)))),)
        found = tuple(
            Stated(values.selector(text, setting), setting.place) for text in values.words(setting)
        )
        return found


#: what a connection may contain
_SECTIONS = re.compile(rf"children|{keys.AUTH_SECTION.pattern}", re.IGNORECASE)


def _given(setting: Setting | None) -> Setting | None:
    """A setting; one with an empty value counts as absent."""
    return setting if setting is not None and setting.text else None


def _shows(setting: Setting | None) -> Stated[Shows]:
    words = {"ifasked": Shows.IF_ASKED, "always": Shows.ALWAYS, "never": Shows.NEVER}
    return Stated(words[setting.text.lower()] if setting else Shows.IF_ASKED, _place(setting))


def _port(setting: Setting | None) -> int:
    """A UDP port, 0 if it is not stated; cut to 16 bits, as the daemon does."""
    return values.number(setting) & 0xFFFF if setting else 0


def _asks(setting: Setting | None) -> Stated[bool]:
    return Stated(values.switch(setting) if setting else True, _place(setting))


def _listed(setting: Setting | None) -> Stated[tuple[str, ...]]:
    return Stated(tuple(values.words(setting)) if setting else (), _place(setting))


def _named(section: Section, name: str) -> Section | None:
    """A subsection; case does not matter in its name."""
    return next((item for key, item in section.sections.items() if key.lower() == name), None)


def _place(setting: Setting | None) -> Place | None:
    return setting.place if setting else None


def _text(setting: Setting | None) -> str:
    return setting.text if setting else ""


_FILES = ("certs", "cacerts", "pubkeys", "file")


def _printable(section: Section) -> None:
    """Every value that swanctl passes to charon must be printable ASCII. PolicyError: one is not, and charon
    discards the connection (5.9.8, seen in runs)."""
    for key, setting in section.values.items():
        if key not in _FILES and not (setting.text.isascii() and setting.text.isprintable()):
            raise _wrong(
                setting,
                f"{key} has a character that is not printable ASCII, which charon does not accept",
                "write it in ASCII; a distinguished name in octets, for example id = asn1dn:#30...",
            )
    for child in section.sections.values():
        _printable(child)


def _wrong(setting: Setting | None, problem: str, mend: str) -> PolicyError:
    return PolicyError(problem, place=_place(setting), mend=mend)


def _nobody(place: Place) -> Credentials:
    return Credentials(Stated(ANY_IDENTITY, place))


def _exact(identity: Identity | None) -> bool:
    """Whether an identity is expected as it is, and is no pattern."""
    patterns = (IdentityKind.ANY, IdentityKind.IPV4_RANGE, IdentityKind.IPV6_RANGE)
    return identity is not None and identity.kind not in patterns and not identity.open


def _implied(
    section: Section, certs: list[CertificateFile], raw: list[CertificateFile]
) -> Stated[Identity | None] | None:
    """The identity that charon expects where a certificate or public key is named and no id: of the first,
    in the order of the file, the subject or the key's hash. None: nothing is named, or it cannot be read."""
    order = list(section.values)
    keys_first = raw and (
        not certs
        or order.index("pubkeys") < (order.index("certs") if "certs" in order else len(order))
    )
    first = raw[0] if keys_first else certs[0] if certs else None
    if first is None or not first.der:
        return None
    if keys_first:
        # of the key with its algorithm (5.9.8, seen in runs)
        octets = hashlib.sha1(first.der, usedforsecurity=False).hexdigest()
        return Stated(Identity(IdentityKind.KEY_ID, octets), first.place)
    return Stated(Identity.of_der(subject(first.der)), first.place)


def _addresses(setting: Setting | None) -> Stated[tuple[AddressPattern, ...]]:
    if setting is None or not values.words(setting):
        return Stated((AddressPattern("%any", None, None, anything=True),))
    found = tuple(values.address_pattern(text) for text in values.words(setting))
    return Stated(found, setting.place)


def _mode(setting: Setting | None) -> tuple[Mode, Action]:
    text = setting.text.strip().lower() if setting else "tunnel"
    actions = {"pass": Action.PERMIT, "drop": Action.BLOCK}
    if text in actions:
        return Mode.TUNNEL, actions[text]
    modes = {"tunnel": Mode.TUNNEL, "transport": Mode.TRANSPORT, "beet": Mode.BEET}
    modes["transport_proxy"] = Mode.TRANSPORT
    if text not in modes:
        raise _wrong(setting, f"{text!r} is not a mode", "write tunnel, transport, pass or drop")
    return modes[text], Action.NEGOTIATE


def _is_proxy(setting: Setting | None) -> bool:
    return setting is not None and setting.text.strip().lower() == "transport_proxy"


def _shunt(child: Child, *, trap: bool) -> Iterator[Finding]:
    """What becomes of packets that a child does not negotiate for: its policy is installed as a trap, or not
    at all (5.9.8, seen in `swanctl --list-pols`)."""
    if child.action.value is Action.NEGOTIATE:
        return
    does = "pass in clear" if child.action.value is Action.PERMIT else "are dropped"
    ours, theirs = (", ".join(str(x.value) for x in side) for side in (child.local, child.remote))
    packets = f"packets of {ours} === {theirs}"
    if trap:
        problem = f"{child.name} negotiates nothing: {packets} {does} at this end"
        mend = "nothing, if this is meant; else remove mode"
        yield Finding("SHUNT", Severity.NOTE, child.action.place, problem, mend)
    else:
        problem = f"{child.name} has no effect: without start_action = trap its rule for {packets} is not installed"
        yield Finding(
            "SHUNT-UNUSED", Severity.WARNING, child.action.place, problem, "add start_action = trap"
        )


def _actions(setting: Setting | None, key: str, mend: str) -> set[str]:
    """The words of start_action or dpd_action, which charon reads in the same way."""
    text = setting.text.lower() if setting else "none"
    found = {part.strip() for part in text.split("|")}
    if not found <= {"none", "trap", "start", "route", "clear", "restart", ""}:
        raise _wrong(setting, f"{_text(setting)!r} is not a {key}", mend)
    return found


def _when_dead(words: set[str]) -> WhenDead:
    if words & {"start", "restart"}:
        return WhenDead.RESTART
    return WhenDead.TRAP if words & {"trap", "route"} else WhenDead.CLEAR


#: how a value of auth may begin; case matters in those for public keys (5.9.8)
_PUBKEY = ("ike:", "pubkey", "rsa", "ecdsa", "bliss")


def _kind(section: Section) -> str:
    """The class of one authentication round; without auth it is not one that IKEv1 has (charon 5.9.8)."""
    setting = _given(section.values.get("auth"))
    if setting is None:
        return "any"
    text = setting.text
    if text.startswith(_PUBKEY):
        return "pubkey"
    if text.lower() == "psk":
        return "psk"
    for kind in ("xauth", "eap"):
        if text.lower().startswith(kind):
            return kind
    raise _wrong(
        setting, f"{text!r} is not an authentication method", "write auth = psk or auth = pubkey"
    )


def _eap_identity(section: Section) -> Stated[Identity] | None:
    """An identity that only EAP or XAuth proves; `%any` is required like any other (5.9.8)."""
    for key in ("eap_id", "aaa_id", "xauth_id"):
        if found := _identity(_given(section.values.get(key))):
            return found
    return None


def _identity(setting: Setting | None) -> Stated[Identity] | None:
    return Stated(read_identity(setting.text), setting.place) if setting else None


def _strength(setting: Setting | None) -> Stated[Strength] | None:
    """What a value of auth such as `rsa-2048-sha256` requires of a path; `ike:` is about IKE's own signature."""
    text = setting.text.strip().lower() if setting else ""
    if setting is None or text.startswith("ike:"):
        return None
    parts = text.split("-")
    sizes = (size for kind, size in pairwise(parts) if kind == "rsa")
    bits = [int(size) for size in sizes if re.fullmatch("[0-9]{1,9}", size)]
    hashes = tuple(Hash(part) for part in parts if part in _SIGNED_WITH)
    if not bits and not hashes:
        return None
    return Stated(Strength(bits[0] if bits else None, hashes), setting.place)


_ASKS_BACK = {
    AuthMethod.XAUTH_PRE_SHARED_KEY: AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY,
    AuthMethod.XAUTH_CERTIFICATE: AuthMethod.XAUTH_RESPONDER_CERTIFICATE,
}


def _pair_method(local: list[str], remote: list[str]) -> AuthMethod:
    """The IKEv1 method of both sides' rounds, seen from the initiator."""
    first, second = [*local, "", ""][:2]
    theirs, theirs2 = [*remote, "", ""][:2]
    if first == theirs and first in ("psk", "pubkey"):
        psk = first == "psk"
        if not second and not theirs2:
            return AuthMethod.PRE_SHARED_KEY if psk else AuthMethod.CERTIFICATE
        if second == "xauth":
            return AuthMethod.XAUTH_PRE_SHARED_KEY if psk else AuthMethod.XAUTH_CERTIFICATE
        if theirs2 == "xauth":
            return (
                AuthMethod.XAUTH_RESPONDER_PRE_SHARED_KEY
                if psk
                else AuthMethod.XAUTH_RESPONDER_CERTIFICATE
            )
    if first == "xauth" and theirs == "pubkey" and not second and not theirs2:
        return AuthMethod.HYBRID
    if first == "pubkey" and theirs == "xauth" and not second and not theirs2:
        return AuthMethod.HYBRID_RESPONDER
    return AuthMethod.NONE
