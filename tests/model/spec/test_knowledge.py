"""The closed formulas of who can know what, against a saturation that knows none of them (R4, R6, R12)."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Any

import pytest

from model.language.generate import DELAY
from model.language.instance import Instance
from model.language.machine import Machine, State, Step
from model.language.terms import Term as Formula
from model.spec import keys as formulas
from model.spec import machine
from model.spec.agreeing import AGREEING, HURRIED
from model.spec.clock import TIMED
from model.spec.parameters import EXCHANGE, METHOD
from tests.model.spec.saturation import ONE, Knowledge, Term, dh

IKE = machine()
WALKS, STEPS = 24, 24
SECRET = {"initiator": "xi", "responder": "xr", "attacker": "xa"}
QUICK_ENDS = ("starter", "answerer")
QUICK = {"starter": "ys", "answerer": "ya", "attacker": "xa"}


def _formulas() -> dict[str, Formula]:
    ends, two, driver = IKE.phase1, IKE.phase2, IKE.driver
    found = {
        "IDii": formulas.initiator_readable(IKE.spec, ends),
        "IDir": formulas.responder_readable(IKE.spec, ends),
        "guess": formulas.guessable(IKE.spec, ends),
    }
    for end in ("initiator", "responder"):
        found[f"key of {end}"] = formulas.master_key_obtained(ends, ends.end(end))
    for end, record in zip(QUICK_ENDS, (two.starter, two.answerer), strict=True):
        pair = getattr(driver, end)[two.n]
        found[f"session of {end}"] = formulas.session_key_obtained(two, record, pair)
    return found


#: what is asked of each state, built once
FORMULAS = _formulas()


@dataclass(frozen=True)
class View:
    """One state of one machine, read by name."""

    machine: Machine
    state: State

    def __getitem__(self, name: str) -> str:
        return self.machine.text(self.machine.slots.index(name), self.state)

    def says(self, formula: Formula) -> bool:
        return bool(self.machine.value(formula, self.state, {"n": 0}))

    def switch(self, name: str) -> bool:
        return bool(self.machine.instance.scalar(name))

    def method(self, end: str) -> str:
        """The authentication method of the transform that an end goes by."""
        row = self.machine.instance.rigid["method"][int(self[f"{end}.chosen"])]
        return METHOD.members[int(row)]

    def pfs(self, driver: str) -> bool:
        return bool(self.machine.instance.rigid["pfs"][int(self[f"{driver}[0].protection"])])


def secret_of(own: str, peer: str, names: dict[str, str]) -> Term | None:
    """The Diffie-Hellman secret that an end computes from the public value it was given."""
    if peer == "none":
        return None
    return ONE if peer == "degenerate" else dh(names[own], names[peer])


def skeyid(view: View, end: str) -> Term | None:
    """SKEYID_e of an end (SKEYID_d is made of the same)."""
    shared = secret_of(end, view[f"{end}.peer_public"], SECRET)
    if shared is None or view[f"{end}.chosen"] == "none":
        return None
    key: Term = "psk" if view.method(end) == "pre_shared_key" else "nonces"
    # RFC 2409 5: prf(psk, Ni|Nr), or prf(Ni|Nr, g^xy); then g^xy goes into what is derived.
    return ("prf", ("prf", key, "nonces", shared), shared, "cookies")


def keymat(view: View, end: str) -> Term | None:
    """The session keys that an end of the negotiation has given its driver."""
    driver = f"{end}_driver"
    if view[f"{driver}[0].state"] == "absent":
        return None
    role = view["starter[0].role"]
    other = "responder" if role == "initiator" else "initiator"
    phase1 = skeyid(view, role if end == "starter" or view["answerer[0].own"] == "true" else other)
    assert phase1 is not None
    second: Term = "no pfs"
    if view.pfs(driver):
        found = secret_of(end, view[f"{end}[0].peer_public"], QUICK)
        assert found is not None
        second = found
    return ("prf", phase1, second, ("spi",), ("quick nonces", phase1))


def heard(view: View) -> list[Term]:
    """Everything that has been on the wire, or the attacker has."""
    terms: list[Term] = ["nonces", "cookies", "xa", ("g", "xi"), ("g", "xr"), "no pfs", ("spi",)]
    terms += ["psk"] if view.switch("knows_secret") else []
    ends = {end: skeyid(view, end) for end in ("initiator", "responder")}
    if view["mm5.sent"] == "true" and ends["initiator"] is not None:
        terms.append(("enc", ends["initiator"], "IDii"))
    if view["mm6.sent"] == "true" and ends["responder"] is not None:
        terms.append(("enc", ends["responder"], "IDir"))
    exchange = EXCHANGE.members[int(view.machine.instance.scalar("exchange"))]
    if exchange == "aggressive" and view["initiator.state"] != "idle":
        terms.append("IDii")
    if view["responder.in_clear"] == "true":
        terms.append("IDir")
    for phase1 in filter(None, ends.values()):
        terms.append(("enc", phase1, ("g", "ys"), ("g", "ya"), ("quick nonces", phase1)))
    if view.switch("obtains_secret"):
        shared = (secret_of(end, view[f"{end}.peer_public"], SECRET) for end in ends)
        terms += [term for term in shared if term is not None]
    return terms


POLICIES: list[dict[str, Any]] = [
    {"method": method, "exchange": exchange, "accepts": lambda t: t == 0, **powers}
    for method, exchange, powers in itertools.product(
        ("pre_shared_key", "certificate", "kerberos"),
        ("main", "aggressive"),
        (
            {},
            {"breaks_group": True},
            {"obtains_secret": True},
            {"alters": True},
            {"alters": True, "knows_secret": True, "checks_public": True},
            {"obtains_secret": True, "knows_secret": True},
            {"alters": True, "holds_certificate": True, "holds_ticket": True},
        ),
    )
]


def walked(concrete: Machine) -> set[State]:
    """States of random runs in which nothing is late: so that most of them get far."""
    chance, found = random.Random(1), {concrete.initial}
    for _ in range(WALKS):
        state = concrete.initial
        for _ in range(STEPS):
            steps = [step for step in concrete.enabled(state) if _goes_on(concrete, step)]
            if not steps:
                break
            weights = [1 if _is_attackers(concrete, step) else 4 for step in steps]
            after = concrete.apply(state, chance.choices(steps, weights)[0])
            assert after is not None
            state = after
            found.add(state)
    return found


def _goes_on(concrete: Machine, step: Step) -> bool:
    name, _ = concrete.describe(step)
    idle = name in ("quick.ignore", DELAY) or name.startswith("flood.")
    return name not in TIMED and not idle


def _is_attackers(concrete: Machine, step: Step) -> bool:
    return concrete.describe(step)[0].startswith("attacker.")


@pytest.mark.parametrize("pfs", [True, False])
def test_r4_r6_r12_formulas_say_what_saturation_derives(pfs: bool) -> None:
    seen = set()
    for policy in POLICIES:
        sizes = {"transform": 1, "protection": 1, "negotiation": 1}
        given = {**AGREEING, **HURRIED, **policy, "pfs": pfs, "answers": 0, "deletes_early": False}
        concrete = Machine(IKE.spec, Instance.of(IKE.spec, sizes, given))
        for state in walked(concrete):
            view = View(concrete, state)
            breaks = view.switch("breaks_group")
            knows = Knowledge(heard(view), breaks=breaks)
            told: dict[str, tuple[bool, bool]] = {}
            for end in ("initiator", "responder"):
                key = skeyid(view, end)
                said = view.says(FORMULAS[f"key of {end}"])
                told[f"key of {end}"] = said, key is not None and knows.has(key)
            for name in ("IDii", "IDir"):
                told[name] = view.says(FORMULAS[name]), knows.has(name)
            for end in QUICK_ENDS:
                material = keymat(view, end)
                said = view.says(FORMULAS[f"session of {end}"])
                told[f"session of {end}"] = said, material is not None and knows.has(material)
            guess = Knowledge([*heard(view), "psk"], breaks=breaks)
            told["guess"] = view.says(FORMULAS["guess"]), _tells(view, guess)
            wrong = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
            assert not wrong, (policy, wrong)
            seen |= {(name, pair[0]) for name, pair in told.items()}
    # It says something: each formula was true, and false, somewhere.
    assert {name for name, value in seen if value} == {name for name, value in seen if not value}


def _tells(view: View, guess: Knowledge) -> bool:
    """Whether a guessed pre-shared key can be told right or wrong: something made with it, and all else
    in it, is at hand. HASH_R in clear needs nothing more; message 5 must open."""
    if view["responder.in_clear"] == "true" and view.method("responder") == "pre_shared_key":
        return True
    sent = view["mm5.sent"] == "true" and view.method("initiator") == "pre_shared_key"
    key = skeyid(view, "initiator")
    return sent and key is not None and guess.has(key)
