"""Lets two of our engines authenticate by real Kerberos, case after case; runs next to the KDC of the rig.

    kdc_rig.py -- python -m tests.interop.kerberos_worker RESULTS.json CASE...

RESULTS: {CASE: {"a" | "b": [{"event", fields...}], "steps": {"a" | "b": [what was done elsewhere]}, "readable":
[whose principal each datagram shows]}, "tickets": what klist says of A's tickets after the first case}.
A begins.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from impl.auth.gss import Mit
from impl.auth.kerberos import RACOON, WINDOWS_2000, Dialect, KerberosSettings
from impl.ike.engine import Engine
from impl.ike.events import Phase1Established, Phase1Failed, SasInstalled
from impl.ike.settings import ChildSettings, ConnectionSettings, Lifetime, Phase1Choice, Settings
from impl.link.network import Network
from impl.wire.numbers import Method
from model.vocabulary.policy import AddressPattern
from model.vocabulary.selectors import Selector
from tests.interop.peers import DES3, ESP_3DES

ENDS = {"a": ("192.0.2.1", 500), "b": ("192.0.2.2", 500)}
CHOICE: Phase1Choice = replace(DES3, method=Method.KERBEROS)
#: seconds by which a ticket cache makes its owner's clock wrong; Kerberos allows 300
SKEW, NEXT_DAY = 1000, 86_400
RIG = os.environ
NAMES = {end: RIG.get(f"KRB_RIG_{end.upper()}_PRINCIPAL", "") for end in ENDS}
STRANGER = "host/nobody.rig.test@RIG.TEST"


@dataclass
class Case:
    """What each end is told; `before` is done first, and may change the environment."""

    a: KerberosSettings
    b: KerberosSettings
    before: Callable[[], None] | None = None


def settings(end: str, dialect: Dialect = WINDOWS_2000, **changes: Any) -> KerberosSettings:
    """An end of the rig as it ought to be, with changes."""
    other = "b" if end == "a" else "a"
    cache, keytab = (RIG[f"KRB_RIG_{end.upper()}_{what}"] for what in ("CCACHE", "KEYTAB"))
    made = KerberosSettings(NAMES[end], (NAMES[other],), Mit(cache, keytab), dialect)
    return replace(made, **changes)


def expired() -> str:
    """A cache whose ticket was good for a second, and is not any more."""
    cache = f"FILE:{RIG['KRB_RIG_DIR']}/expired"
    env = {**RIG, "KRB5CCNAME": cache}
    command = ["kinit", "-l", "1s", "-k", "-t", RIG["KRB_RIG_A_KEYTAB"], NAMES["a"]]
    subprocess.run(command, env=env, check=True)
    deadline = time.monotonic() + 20
    while subprocess.run(["klist", "-s"], env=env, check=False).returncode == 0:
        if time.monotonic() > deadline:
            raise SystemExit("the ticket does not expire")
    return cache


def skewed(seconds: int) -> str:
    """A cache that says that its owner's clock is wrong: its header holds the difference (version 4)."""
    octets = Path(RIG["KRB_RIG_A_CCACHE"].removeprefix("FILE:")).read_bytes()
    (size,) = struct.unpack(">H", octets[2:4])
    header = struct.pack(">HHHii", 12, 1, 8, seconds, 0)
    path = Path(RIG["KRB_RIG_DIR"]) / "skewed"
    path.write_bytes(octets[:2] + header + octets[4 + size :])
    return f"FILE:{path}"


def fresh() -> str:
    """A cache with the first ticket only."""
    cache = f"FILE:{RIG['KRB_RIG_DIR']}/fresh"
    command = ["kinit", "-k", "-t", RIG["KRB_RIG_A_KEYTAB"], NAMES["a"]]
    subprocess.run(command, env={**RIG, "KRB5CCNAME": cache}, check=True)
    return cache


def no_kdc() -> None:
    """From now on the KDC is said to be where nobody listens."""
    told = Path(RIG["KRB5_CONFIG"]).read_text()
    path = Path(RIG["KRB_RIG_DIR"]) / "nowhere.conf"
    path.write_text(told.replace(f":{RIG['KRB_RIG_PORT']}\n", ":9\n"))
    os.environ["KRB5_CONFIG"] = str(path)


CASES: dict[str, Callable[[], Case]] = {
    "windows2000": lambda: Case(settings("a"), settings("b")),
    "racoon": lambda: Case(settings("a", RACOON), settings("b", RACOON)),
    "without confidentiality": lambda: Case(
        settings("a", replace(WINDOWS_2000, confidential=False)),
        settings("b", replace(WINDOWS_2000, confidential=False)),
    ),
    "anybody": lambda: Case(settings("a", expected=None), settings("b", expected=None)),
    "unknown principal": lambda: Case(settings("a", expected=None), settings("b", name=STRANGER)),
    "unexpected principal": lambda: Case(settings("a", expected=(STRANGER,)), settings("b")),
    "unexpected initiator": lambda: Case(settings("a"), settings("b", expected=(STRANGER,))),
    "false name": lambda: Case(settings("a", name=STRANGER), settings("b", expected=None)),
    "wrong key": lambda: Case(
        settings("a"), settings("b", mechanism=Mit(None, RIG["KRB_RIG_A_KEYTAB"]))
    ),
    "no key": lambda: Case(
        settings("a"), settings("b", mechanism=Mit(None, f"{RIG['KRB_RIG_DIR']}/none"))
    ),
    "no ticket": lambda: Case(
        settings("a", mechanism=Mit(f"FILE:{RIG['KRB_RIG_DIR']}/none")), settings("b")
    ),
    "expired": lambda: Case(settings("a", mechanism=Mit(expired())), settings("b")),
    "long expired": lambda: Case(settings("a", mechanism=Mit(skewed(NEXT_DAY))), settings("b")),
    "skewed": lambda: Case(settings("a", mechanism=Mit(skewed(SKEW))), settings("b")),
    "no KDC": lambda: Case(settings("a", mechanism=Mit(fresh())), settings("b"), no_kdc),
}


def engine(end: str, kerberos: KerberosSettings) -> Engine:
    """One end."""
    other = ip_address(ENDS["b" if end == "a" else "a"][0])
    nets = [ip_network(item) for item in ("10.1.0.0/16", "10.2.0.0/16")]
    local, remote = (Selector(n.network_address, n.broadcast_address) for n in nets)
    if end == "b":
        local, remote = remote, local
    child = ChildSettings("net", local, remote, ((ESP_3DES,),), Lifetime(3600, 3600))
    connection = ConnectionSettings(
        "rig", (AddressPattern(str(other), other, other),), (CHOICE,), False, None, None, None,
        Lifetime(28_800, 28_800), (child,), kerberos=kerberos,
    )  # fmt: skip
    return Engine(Settings(ip_address(ENDS[end][0]), (connection,)), os.urandom)


def _forms(principal: str) -> tuple[bytes, bytes]:
    """How a principal is readable: as IKE's attribute has it, and its host's name as tickets have it."""
    return principal.encode("utf-16-le"), principal.partition("/")[2].partition("@")[0].encode()


def told(event: object) -> dict[str, Any]:
    """An event's words."""
    plain = (str, bool, int)
    found = {f.name: getattr(event, f.name) for f in fields(event)}  # type: ignore[arg-type]
    words = {name: value for name, value in found.items() if isinstance(value, plain)}
    return {"event": type(event).__name__, **words}


def run(case: Case) -> dict[str, Any]:
    """Let A begin, and see what comes of it."""
    # Steps of one context come from one thread and another, as in a program that must not wait for them.
    with ThreadPoolExecutor(3) as pool:
        return _run(case, Network(does=lambda work: pool.submit(work.run).result()))


def _run(case: Case, network: Network) -> dict[str, Any]:
    engines = {end: engine(end, getattr(case, end)) for end in ENDS}
    for end, address in ENDS.items():
        network.join(address, engines[end])
    if case.before is not None:
        case.before()
    connection = engines["a"].settings.connections[0]
    engines["a"].start(connection, ENDS["b"], 0.0)
    network.run(60)
    seen = {end: network.events[address] for end, address in ENDS.items()}
    kinds = (Phase1Established, Phase1Failed, SasInstalled)
    found: dict[str, Any] = {
        end: [told(item) for item in events if isinstance(item, kinds)]
        for end, events in seen.items()
    }
    found["steps"] = {
        end: [item.what for item in network.steps[address]] for end, address in ENDS.items()
    }
    found["readable"] = [
        [end for end in ENDS if any(form in sent.datagram for form in _forms(NAMES[end]))]
        for sent in network.log
    ]
    return found


def main(results: str, *cases: str) -> None:
    """Run the cases in order."""
    # Else a cache that has nothing is filled from there, in silence.
    os.environ.pop("KRB5_CLIENT_KTNAME", None)
    found: dict[str, Any] = {}
    for name in cases:
        found[name] = run(CASES[name]())
        if "tickets" not in found:
            said = subprocess.run(["klist", "-e"], capture_output=True, text=True, check=True)
            found["tickets"] = said.stdout
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
