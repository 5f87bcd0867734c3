"""Options of the daemon outside its policy that decide a negotiation: strongswan.conf."""

from __future__ import annotations

from dataclasses import dataclass

from model.vocabulary.findings import Finding
from model.vocabulary.names import RdnMatching
from model.vocabulary.places import Stated

_NO, _YES = Stated(False), Stated(True)
_STRICT = Stated(RdnMatching.STRICT)
_PORT, _PORT_NAT_T, _RESENDS = Stated(500), Stated(4500), Stated(5)
_PLUGINS: Stated[tuple[str, ...] | None] = Stated(None)


@dataclass(frozen=True, slots=True)
class StackOptions:
    """Options of the daemon; one that is not set has its default, and no place.

    file                       the strongswan.conf that was read; None: none was given
    send_vendor_id             tells the peer that it is strongSwan
    accept_private_algorithms  accepts algorithms with private numbers from any peer
    aggressive_pre_shared_key  as responder, accepts Aggressive Mode with a pre-shared key
    prefers_configured         as responder, its own order of proposals decides; else the initiator's
    unity                      Cisco's Unity extensions: further selectors are negotiated besides the first
    rdn_matching               how distinguished names are compared with the expected ones
    initiator_only             answers no peer that starts an exchange
    port, port_nat_t           the UDP ports that it listens on
    resends                    of a message without an answer
    plugins                    the plugins that are loaded, if the file states them
    findings                   findings about the file
    """

    file: str | None = None
    send_vendor_id: Stated[bool] = _NO
    accept_private_algorithms: Stated[bool] = _NO
    aggressive_pre_shared_key: Stated[bool] = _NO
    prefers_configured: Stated[bool] = _YES
    unity: Stated[bool] = _NO
    rdn_matching: Stated[RdnMatching] = _STRICT
    initiator_only: Stated[bool] = _NO
    port: Stated[int] = _PORT
    port_nat_t: Stated[int] = _PORT_NAT_T
    resends: Stated[int] = _RESENDS
    plugins: Stated[tuple[str, ...] | None] = _PLUGINS
    findings: tuple[Finding, ...] = ()


UNSTATED = StackOptions()
