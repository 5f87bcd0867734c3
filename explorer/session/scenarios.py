"""Scenarios that ship: each with its policy values, its times, and what there is to see.

Intervals and half-open times are stated here and nowhere else: tests compute times from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from explorer.session.moments import Lane, Refused
from explorer.session.specified import Specified
from model.language.instance import Instance
from model.spec import specification
from model.spec.agreeing import AGREEING

HQ, BRANCH = "192.0.2.10", "192.0.2.20"
_HOUR = 3600


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    shows    in a line, what there is to see     script  what is done when it is opened; the cursor
             stands at the start afterwards
    times    in a sentence, for people           policy  what differs from two policies that agree
    """

    name: str
    says: str
    shows: str
    times: str = ""
    machine: str = "ike"
    sizes: Mapping[str, int] = field(default_factory=dict)
    policy: Mapping[str, object] = field(default_factory=dict)
    script: str = ""

    def source(self) -> Specified:
        """The specification with these policies."""
        spec = specification(self.machine)
        sizes = {**_SIZES, **self.sizes}
        policy = {**AGREEING, **_TIMES, **self.policy}
        lanes = (Lane("INITIATOR", "hq", HQ), Lane("RESPONDER", "branch", BRANCH))
        instance = Instance.of(spec, sizes, policy)
        return Specified(spec, instance, self.name, self.says, lanes=lanes)


_SIZES = {"transform": 1, "protection": 1, "negotiation": 4}
#: six sendings three seconds apart, and an exchange that is half open for 30 s at most
_TIMES: Mapping[str, object] = {
    "resends": 5,
    "answers": 5,
    "interval": 3,
    "brief": 3,
    "slack": 0,
    "soft_life": 300,
    "half_open_life": 30,
    "half_open_limit": 1000,
    "life": 8 * _HOUR,
    "life2": _HOUR,
    "horizon": 2**31,
    "drops": True,
    "checks_public": True,
    "pfs": False,
}
_THREE = "3 s between sendings, six sendings, 30 s half-open."

SCENARIOS: Mapping[str, Scenario] = {
    item.name: item
    for item in (
        Scenario(
            "main-psk",
            "Main Mode with a pre-shared key, then Quick Mode",
            "both ends up after 9 messages",
            _THREE,
        ),
        Scenario(
            "main-certificate",
            "Main Mode with certificates, then Quick Mode",
            "both ends up; no identity is readable on the way",
            _THREE,
            policy={"method": "certificate"},
        ),
        Scenario(
            "main-kerberos",
            "Main Mode with Kerberos, then Quick Mode",
            "both ends up, but the initiator's name is readable: a promise is broken",
            _THREE,
            policy={"method": "kerberos"},
            script="run; run",
        ),
        Scenario(
            "quick-pfs",
            "Quick Mode with PFS, and without",
            "two branches to compare",
            "Each Quick Mode makes one pair of SAs.",
            sizes={"protection": 2},
            # what the initiator starts is without PFS, what the responder starts is with it
            policy={
                "pfs": lambda t: t == 1,
                "offers2": lambda role, t: (t == 1) == (role == "responder"),
            },
            script="run; branch name without PFS; goto 7; take quick.offer n=0 role=responder spi=1; "
            "run; branch name with PFS",
        ),
        Scenario(
            "message-5-lost",
            "Message 5 is lost five times, and six times",
            "up at +15 s; failed at +18 s",
            _THREE,
            script="run; goto 5; drop mm5 x5; run; goto 4 baseline; drop mm5 x6; run",
        ),
        Scenario(
            "overlap-8h-2h",
            "Phase I of 8 h, Phase II of 2 h",
            "an SA outlives Phase I by 1:59:59",
            "An SA pair is renewed when the one before expires, the last one a second before Phase I ends.",
            policy={"life2": 2 * _HOUR},
            script="; ".join(
                (
                    "run",
                    *(
                        f"until {hour}:00:00; take quick.offer n={n} role=initiator spi=1; run"
                        for n, hour in ((1, 2), (2, 4))
                    ),
                    "until 6:00:00; until 7:59:59; take quick.offer n=3 role=initiator spi=1; run",
                    "until 10:00:00",
                )
            ),
        ),
        Scenario(
            "fall-back",
            "No answer, and clear text is allowed",
            "packets are sent in clear after 21 s",
            "3 s between sendings, six sendings, 3 s more, then clear text for 300 s.",
            policy={"falls_back": True},
            script="drop mm1 x6; run",
        ),
        Scenario(
            "reflected-quick",
            "A Quick Mode message sent back to its sender",
            "breaks a promise where message ids are not checked",
            "The attacker sends messages back to their sender.",
            policy={"reflects": True, "checks_message_ids": False},
            script="run 8; take quick.answer_oneself n=0 t=0 spi=2; run",
        ),
    )
}


def scenario(name: str) -> Scenario:
    """A scenario by name. Refused: there is none."""
    if name not in SCENARIOS:
        raise Refused(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
