"""Two policies that agree in everything, as values of the machine's parameters: where to start from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: every attacker switch off
UNDISTURBED: Mapping[str, object] = MappingProxyType(
    {
        "drops": False,
        "alters": False,
        "forges": False,
        "names": False,
        "knows_secret": False,
        "holds_certificate": False,
        "holds_ticket": False,
        "breaks_group": False,
        "obtains_secret": False,
        "reflects": False,
    }
)

#: no resends, and few moments in which anything happens: so that few states are reachable
HURRIED: Mapping[str, object] = MappingProxyType(
    {
        "resends": 0,
        "answers": 0,
        "interval": 1,
        "brief": 1,
        "slack": 0,
        "soft_life": 1,
        "half_open_life": 1,
        "half_open_limit": 1,
        "life": 1,
        "life2": 1,
        "altered_life": 0,
        "horizon": 0,
    }
)

#: Main Mode with a pre-shared key; every transform is offered and accepted, in the same order
AGREEING: Mapping[str, object] = MappingProxyType(
    {
        "exchange": "main",
        "takes_exchange": True,
        "exchange_checked_first": True,
        "offers": True,
        "offer_rank": lambda t: t,
        "accepts": True,
        "accept_rank": lambda t: t,
        "allows": True,
        "prefers_own": False,
        "names_alternatives": True,
        "reoffers": True,
        "method": "pre_shared_key",
        "takes_method": True,
        "has_secret": True,
        "secrets_agree": True,
        "credential_holds": True,
        "identity_accepted": True,
        "believes_refusals": True,
        "checks_public": False,
        "compares_lifetimes": False,
        "takes_shorter": True,
        "deletes_early": True,
        "falls_back": False,
        **UNDISTURBED,
        **HURRIED,
        "offers2": True,
        "offer_rank2": lambda _role, t: t,
        "accepts2": True,
        "accept_rank2": lambda _role, t: t,
        "prefers_own2": False,
        "pfs": lambda t: t == 1,
        "key_exchange_fits": True,
        "clients_taken": True,
        "mode_taken": True,
        "timed2": True,
        "counted2": False,
        "limit": 100,
        "ends_with_phase1": False,
        "checks_spi": True,
        "checks_message_ids": True,
    }
)

#: for the machine `driver`: a pair of SAs with small limits; packet n has n + 1 bytes and number n + 1,
#: and the last of four is sent to another SPI
SMALL_PAIR: Mapping[str, object] = MappingProxyType(
    {
        "size": lambda p: p + 1,
        "number": lambda p: p + 1,
        "packet_spi": lambda p: 0 if p < 3 else 1,
        "packet_destination": 0,
        "packet_protocol": "esp",
        "own_spi": 0,
        "own_address": 0,
        "own_protocol": "esp",
        "ends_by_time": True,
        "life": 4,
        "soft_life": 2,
        "slack": 1,
        "ends_by_bytes": True,
        "most_bytes": 6,
        "soft_bytes": 3,
        "most_number": 3,
        "soft_number": 2,
        "checks_replay": True,
        "window": 2,
        "tracked": 2,
    }
)

#: two ends of a flow that ask, answer and fall back alike; few negotiations, and no lateness
FLOW: Mapping[str, object] = MappingProxyType(
    {
        "falls_back": True,
        "accepts_clear": True,
        "limit": 2,
        "master_key_pfs": False,
        "session_ends_phase1": False,
        "answers": True,
        "drops": False,
        "forges": False,
        "soft_life": 1,
        "slack": 0,
    }
)
