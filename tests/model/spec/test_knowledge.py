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
    roles = (two.starter.role, two.answering_role)
    ends_ = zip(QUICK_ENDS, (two.starter, two.answerer), roles, strict=True)
    for end, record, role in ends_:
        pair = getattr(driver, end)[two.n]
        found[f"session of {end}"] = formulas.session_key_obtained(two, record, role, pair)
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
            # By act first: what has many contents is not therefore more likely.
            acts: dict[str, list[Step]] = {}
            for step in steps:
                acts.setdefault(concrete.describe(step)[0], []).append(step)
            weights = [1 if act.startswith("attacker.") else 4 for act in acts]
            chosen = chance.choices(list(acts), weights)[0]
            after = concrete.apply(state, chance.choice(acts[chosen]))
            assert after is not None
            state = after
            found.add(state)
    return found


def _goes_on(concrete: Machine, step: Step) -> bool:
    name, _ = concrete.describe(step)
    idle = name in ("quick.ignore", DELAY) or name.startswith("flood.")
    return name not in TIMED and not idle


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


#: what proves who one is, beside the keys, by method
PROOF = {"pre_shared_key": "psk", "certificate": "signature key", "kerberos": "ticket key"}
#: messages under keys that an end takes from its peer: who takes them, and the act that makes them
TO_PHASE1 = {
    ("proof", "responder"): "attacker.pose_as_initiator",
    ("proof", "initiator"): "attacker.pose_as_responder",
    ("refusal", "initiator"): "attacker.refuse_as_responder",
    ("Delete", "responder"): "attacker.delete_as_initiator",
    ("Delete", "initiator"): "attacker.delete_as_responder",
}
TO_PHASE2 = {
    "qm1": "answerer",
    "qm2": "starter",
    "qm3": "answerer",
    "quick_refusal": "starter",
}


def _derives(view: View, knows: Knowledge, what: str, end: str) -> bool:
    """Whether a message that this end of Phase I opens, and that says this, can be made."""
    key = skeyid(view, end)
    if key is None:
        return False
    parts: list[Term] = [("enc", key, "what it says")]
    if what == "proof":
        parts.append(PROOF[view.method(end)])
    return all(knows.has(part) for part in parts)


def _learned(view: View) -> Knowledge:
    """What the attacker knows while it all goes on: later he may obtain more, which he can send nothing with."""
    terms: list[Term] = ["nonces", "cookies", "xa", ("g", "xi"), ("g", "xr"), "what it says"]
    terms += ["psk"] if view.switch("knows_secret") else []
    terms += ["signature key"] if view.switch("holds_certificate") else []
    terms += ["ticket key"] if view.switch("holds_ticket") else []
    return Knowledge(terms, breaks=view.switch("breaks_group"))


def _role_of(view: View, end: str) -> str:
    role = view["starter[0].role"]
    other = "responder" if role == "initiator" else "initiator"
    return role if end == "starter" or view["answerer[0].own"] == "true" else other


def _sendable(concrete: Machine, view: View) -> set[tuple[str, str]]:
    """What the attacker's acts can send now, or have sent: the message, and the end that opens it."""
    found = {("proof", "responder")} if view["posed_initiator.sent"] == "true" else set()
    for slot, what in (
        ("posed_responder", ("proof", "initiator")),
        ("posed_refusal", ("refusal", "initiator")),
        ("posed_initiator_delete", ("Delete", "responder")),
        ("posed_responder_delete", ("Delete", "initiator")),
    ):
        if view[f"{slot}.sent"] == "true":
            found.add(what)
    for name in TO_PHASE2:
        if view[f"{name}[0].sent"] == "true":
            found.add((name, view[f"{name}[0].under"]))
    made = {action: what for what, action in TO_PHASE1.items()}
    for step in concrete.enabled(view.state):
        action, params = concrete.describe(step)
        if action in made:
            found.add(made[action])
        elif action == "attacker.write_qm1":
            found.add(("qm1", params["to"]))
        elif action.startswith("attacker.write_q"):
            name = action.removeprefix("attacker.write_")
            found.add((name, _role_of(view, TO_PHASE2[name])))
    return found


def test_r5_r14_r18_what_can_be_derived_can_be_sent_and_nothing_else() -> None:
    seen = set()
    for policy in POLICIES:
        sizes = {"transform": 1, "protection": 1, "negotiation": 1}
        given = {**AGREEING, **HURRIED, **policy, "answers": 0, "deletes_early": False}
        concrete = Machine(IKE.spec, Instance.of(IKE.spec, sizes, given))
        for state in walked(concrete):
            view = View(concrete, state)
            knows, sends = _learned(view), _sendable(concrete, view)
            asked = [(what, end) for what, end in TO_PHASE1]
            asked += [("qm1", end) for end in SECRET if end != "attacker"]
            asked += [(name, _role_of(view, end)) for name, end in TO_PHASE2.items()]
            for what, end in asked:
                derived = _derives(view, knows, what, end)
                honest = what in TO_PHASE2 and not derived and _is_honest(view, what, end)
                told = (what, end) in sends
                assert derived == told or honest, (policy, what, end, derived, told)
                seen.add((what, end, derived))
    assert {item[:2] for item in seen if item[2]} == {item[:2] for item in seen if not item[2]}


def _is_honest(view: View, name: str, end: str) -> bool:
    """Whether this very message is there because an end sent it, under its own keys."""
    return view[f"{name}[0].sent"] == "true" and view[f"{name}[0].under"] == end
