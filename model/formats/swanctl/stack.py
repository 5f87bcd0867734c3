"""strongswan.conf: the options of the daemon that decide a negotiation (strongswan.conf(5), 5.9.8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from model.formats.reader import Reader
from model.formats.swanctl import settings
from model.formats.swanctl.settings import Section, Setting
from model.formats.swanctl.values import integer
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.names import RdnMatching
from model.vocabulary.places import Place, PolicyError, Stated
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import Order
from model.vocabulary.stack import StackOptions

#: the daemon's sections; the second is the one of systemd's daemon, which falls back on the first
_DAEMONS = ("charon-systemd", "charon")
_TRUE, _FALSE = ("1", "yes", "true", "enabled"), ("0", "no", "false", "disabled")


def load_stack(path: str, reader: Reader) -> StackOptions:
    """Read a strongswan.conf and what it includes. PolicyError: it cannot be read, its syntax is wrong,
    or it has no section of the daemon."""
    tree = settings.load(path, reader)
    if not any(name in tree.root.sections for name in _DAEMONS):
        what = "this is a swanctl.conf" if "connections" in tree.root.sections else "see its name"
        raise PolicyError(
            "no section charon in this file",
            place=Place(path, 1),
            mend=f"give the strongswan.conf of the peer ({what})",
        )
    found = _Options(tree.root)
    return StackOptions(
        file=path,
        send_vendor_id=found.switch("send_vendor_id", default=False),
        accept_private_algorithms=found.switch("accept_private_algs", default=False),
        aggressive_pre_shared_key=found.switch(
            "i_dont_care_about_security_and_use_aggressive_mode_psk", default=False
        ),
        prefers_configured=found.switch("prefer_configured_proposals", default=True),
        unity=found.switch("cisco_unity", default=False),
        rdn_matching=found.rdn_matching(),
        initiator_only=found.switch("initiator_only", default=False),
        port=found.number("port", 500),
        port_nat_t=found.number("port_nat_t", 4500),
        resends=found.number("retransmit_tries", 5),
        plugins=found.plugins(),
        findings=(*tree.findings, *found.findings),
    )


def with_stack(peer: Peer, options: StackOptions) -> Peer:
    """The peer with the options of its daemon: its profile follows them, and findings about the file are
    added to its own."""
    order = peer.profile.order
    if not options.prefers_configured.value:
        order = Order.INITIATOR
    return replace(
        peer,
        stack=options,
        profile=replace(peer.profile, order=order, resends=options.resends.value),
        findings=(*peer.findings, *options.findings),
    )


class _Options:
    """The daemon's options, from the section that counts."""

    def __init__(self, root: Section) -> None:
        self._sections = [root.sections[name] for name in _DAEMONS if name in root.sections]
        self.findings: list[Finding] = []

    def _get(self, name: str) -> Setting | None:
        found = (item.values.get(name) for item in self._sections)
        return next((item for item in found if item is not None and item.text), None)

    def switch(self, name: str, *, default: bool) -> Stated[bool]:
        """yes or no; for anything else the daemon uses the default."""
        setting = self._get(name)
        if setting is None:
            return Stated(default)
        text = setting.text.lower()
        if text not in (*_TRUE, *_FALSE):
            self._ignored(name, setting, "neither yes nor no", "write yes or no")
            return Stated(default, setting.place)
        return Stated(text in _TRUE, setting.place)

    def number(self, name: str, default: int) -> Stated[int]:
        """A plain integer."""
        setting = self._get(name)
        if setting is None:
            return Stated(default)
        if not setting.text.isascii() or not setting.text.isdecimal() or len(setting.text) > 9:
            self._ignored(name, setting, "not a number", "write digits only")
            return Stated(default, setting.place)
        return Stated(integer(setting.text) if setting.text != "0" else 0, setting.place)

    def rdn_matching(self) -> Stated[RdnMatching]:
        """How distinguished names are compared."""
        setting = self._get("rdn_matching")
        if setting is None:
            return Stated(RdnMatching.STRICT)
        for item in RdnMatching:
            if setting.text == item.value:
                return Stated(item, setting.place)
        self._ignored(
            "rdn_matching", setting, "not a valid value", "write strict, reordered or relaxed"
        )
        return Stated(RdnMatching.STRICT, setting.place)

    def plugins(self) -> Stated[tuple[str, ...] | None]:
        """The plugins that are loaded: by `load`, or one by one with `load_modular`."""
        listed = self._get("load")
        modular = self.switch("load_modular", default=False)
        if modular.value:
            return Stated(tuple(self._loaded()), modular.place)
        if listed is None:
            return Stated(None)
        names = (word.rstrip("!") for word in listed.text.split())
        return Stated(tuple(names), listed.place)

    def _loaded(self) -> Iterator[str]:
        for section in self._sections:
            plugins = section.sections.get("plugins")
            for name, item in plugins.sections.items() if plugins else ():
                setting = item.values.get("load")
                text = setting.text.lower() if setting else "no"
                # a number is a priority
                if text in _TRUE or (text.lstrip("-").isdecimal() and text != "0"):
                    yield name

    def _ignored(self, name: str, setting: Setting, what: str, mend: str) -> None:
        self.findings.append(
            Finding(
                "OPTION-IGNORED",
                Severity.WARNING,
                setting.place,
                f"{name} is {what}: the daemon uses its default",
                mend,
            )
        )
