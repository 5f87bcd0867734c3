"""Holds verify's verdict against what two charons did."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from model.formats import load
from model.formats.reader import Reader
from model.formats.swanctl.defaults import with_defaults
from model.formats.swanctl.stack import load_stack
from model.vocabulary.outcomes import Outcome, PairVerdict
from model.vocabulary.places import PolicyError, Stated
from model.vocabulary.policy import Nat, Peer
from proofs.verify import judge_connection, verify
from tests.conftest import DictReader
from tests.interop.cases import SIDES, Case, Start
from tests.interop.network import ADDRESSES, PRIVATE
from tests.interop.observed import Observed
from tests.interop.pki import PKI


class Agreement(Enum):
    """How verdict and observation stand to each other."""

    AGREES = "agrees"
    CONDITIONAL = "holds under a stated assumption"
    UNDECIDED = "undecided, and says what is missing"
    DISAGREES = "disagrees"


VERSION = "5.9.8"  # of the daemons: stated where what `default` holds is the question
_HOST = "a host has the addresses that its policy states as its own, and no others"
_NAMES = "a name resolves to the peer's address"
#: cases in which what verify takes for granted, and says, is not so, by the beginning of their names
_NOT_SO = {
    "addresses: another own one": _HOST,
    "field: wrong address, own address wrong": _HOST,
    "local: not one of its own": _HOST,
    "local: the second one, the ": _HOST,
    "IPv6: IPv4 at one end": _HOST,
    "remote: a name": _NAMES,
    "local: a name; the first one": _NAMES,
}


@dataclass(frozen=True)
class Compared:
    """One case in one direction: one thing that is started."""

    case: Case
    start: Start
    observed: Observed
    agreement: Agreement
    why: str = ""

    @property
    def initiator(self) -> str:
        """The side that starts."""
        return self.start.side


def peers_of(case: Case, pki: PKI) -> list[Peer]:
    """Both sides of a case as verify reads them."""
    return [read(case, side, reader) for side, reader in readers_of(case, pki).items()]


def readers_of(case: Case, pki: PKI) -> dict[str, Reader]:
    """What both sides' files are read from."""
    return {
        side: DictReader(
            {
                f"/{side}/{x}": text.replace(b"$FOLDER", f"/{side}".encode())
                for x, text in files.items()
            }
        )
        for side, files in case.files(pki, private=False).items()
    }


def read(case: Case, side: str, reader: Reader) -> Peer:
    """One side, with all that the rig knows of it."""
    peer = load(f"/{side}/swanctl.conf", side, reader)
    settings = dict(case.settings).get(side, ())
    if settings:
        lines = "\n".join(item.removeprefix("charon.") for item in settings)
        stated = {"strongswan.conf": f"charon {{\n{lines}\n}}\n".encode()}
        peer = replace(peer, stack=load_stack("strongswan.conf", DictReader(stated)))
    if case.kind in ("default proposals, measured", "generated"):
        peer = with_defaults(peer, VERSION)
    if side in case.translated:
        public = ip_address(case.translated[side])
        peer = replace(peer, nat=Stated(Nat(public, case.forwarded)))
    return peer


def verdicts(case: Case, pki: PKI, today: datetime.date) -> dict[str, PairVerdict]:
    """What verify says of everything that a case starts, by its key; what it does not judge is left out."""
    try:
        peers = {peer.name: peer for peer in peers_of(case, pki)}
    except PolicyError:
        return {}  # neither loads a connection of the file, and verify says so
    pairs = verify(list(peers.values()), [("peer", "cmd")], today).pairs
    found = {}
    for start in case.started:
        for item in pairs:
            fits = item.initiator.connection in (start.connection, None)
            if item.initiator.peer == start.side and fits:
                found[start.key] = item
        if start.key not in found:  # it is for somebody else, or cannot start: judged all the same
            named = (x for x in peers[start.side].connections if x.name == start.connection)
            other = peers["cmd" if start.side == "peer" else "peer"]
            for connection in named:
                judged = judge_connection(peers[start.side], connection, other, today)
                found[start.key] = judged.verdict
    return found


def compared(
    cases: Iterable[Case],
    seen: Mapping[str, Mapping[str, Observed]],
    today: datetime.date,
    pki: PKI | None = None,
) -> Iterator[Compared]:
    """Every case, with everything that it starts: verdict against observation.

    pki   whose keys the texts name by their hashes; None: none
    """
    pki = pki or PKI(today)
    for case in cases:
        judged: dict[str, PairVerdict] = {}
        refused = ""
        try:
            judged = verdicts(case, pki, today)
        except PolicyError as error:
            refused = f"verify refuses it: {error}"
        for start in case.started:
            item = compare(case, start, judged.get(start.key), seen[case.name][start.key])
            yield replace(item, why=refused) if refused else item


def compare(case: Case, start: Start, verdict: PairVerdict | None, observed: Observed) -> Compared:
    """Outcome, reason, suite and selectors, of Phase I and of the first child that is started."""
    if verdict is None:
        same = _answer(observed.phase1 == "fails", f"verify does not judge {start.connection}")
        return Compared(case, start, observed, *same)
    agreement, why = _compare(verdict, start.children[0], observed)
    assumed = next((why for name, why in _NOT_SO.items() if case.name.startswith(name)), "")
    assumed = assumed or next((x for x in verdict.assumptions if _not_so(x, case)), "")
    if agreement is Agreement.DISAGREES and assumed:
        agreement, why = Agreement.CONDITIONAL, assumed
    return Compared(case, start, observed, agreement, why)


def _not_so(assumption: str, case: Case) -> bool:
    """Whether an assumption that verify prints is not so in the rig, which knows all addresses."""
    named = re.fullmatch(r"(\S+) resolves to (?:an IPv([46]) address of )?.*", assumption)
    if named is not None:
        real = dict(case.hosts).get(named[1], "")
        if named[2] and real and str(ip_address(real).version) != named[2]:
            return True
        return real not in {x for side in SIDES for x in _addresses(case, side)}
    if re.fullmatch(r"\S+ does not resolve", assumption):
        return assumption.split()[0] in dict(case.hosts)
    stated = re.fullmatch(
        r"(\S+) is (?:an address of (?=\w+$)|the address of (?=\w+ behind its NAT$))(\w+).*",
        assumption,
    )
    if stated is not None:
        return stated[1] not in _addresses(case, stated[2])
    taken = re.fullmatch(r"the address of (\w+) is (.+)", assumption)
    if taken is None:
        return False
    own = [ip_address(x) for x in _addresses(case, taken[1])]
    parts = taken[2].removeprefix("in ").split(" or ")
    return not any(_holds(part, address) for part in parts for address in own)


def _holds(text: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether an address, network or range of a policy holds an address."""
    low, dash, high = text.partition("-")
    if dash:
        ends = ip_address(low), ip_address(high)
        same = ends[0].version == address.version
        return same and int(ends[0]) <= int(address) <= int(ends[1])
    return address in ip_network(text, strict=False)


def _addresses(case: Case, side: str) -> set[str]:
    """Those that a side has, and those that it is seen with."""
    own = dict(case.addresses).get(side, ADDRESSES[side])
    if side in case.behind:
        own = (PRIVATE[side],)
    seen = {case.translated[side]} if side in case.translated else set()
    return seen | {item.partition("/")[0] for item in own}


def _compare(verdict: PairVerdict, child: str, seen: Observed) -> tuple[Agreement, str]:
    first = verdict.phase1
    if first.outcome is Outcome.UNDECIDED:
        return Agreement.UNDECIDED, "; ".join(first.needs)
    if first.outcome.value != seen.phase1:
        return Agreement.DISAGREES, f"Phase I: verify {first.outcome.value} {_reason(verdict)}"
    if first.outcome is Outcome.FAILS:
        said = first.reason.value if first.reason else ""
        if said == "no-responder" and "IKEv" in first.why:
            said = "no-connection"  # charon's log does not tell addresses from versions
        return _answer(said in (seen.reason1 or "").split(" or "), f"Phase I: verify says {said}")
    assert first.suite is not None
    suite = first.suite
    own = (str(suite.encryption), suite.hash.value, suite.group.value)
    if own != seen.suite1:
        return Agreement.DISAGREES, f"Phase I: verify says {own}"
    return _compare_phase2(verdict, child, seen)


def _compare_phase2(verdict: PairVerdict, name: str, seen: Observed) -> tuple[Agreement, str]:
    child = next((item for item in verdict.phase2 if item.child == name), None)
    if child is None:
        return Agreement.DISAGREES, f"Phase II: verify does not judge {name}"
    if child.outcome is Outcome.UNDECIDED:
        return Agreement.UNDECIDED, "; ".join(child.needs)
    if child.outcome.value != seen.phase2:
        said = child.reason.value if child.reason else ""
        return Agreement.DISAGREES, f"Phase II: verify says {child.outcome.value} {said}"
    if child.outcome is Outcome.FAILS:
        said = child.reason.value if child.reason else ""
        return _answer(said == seen.reason2, f"Phase II: verify says {said}")
    assert child.suite is not None
    part = child.suite.protections[0]
    own = (
        part.protocol.value,
        str(part.encryption) if part.encryption else None,
        part.integrity.value if part.integrity else None,
        child.suite.pfs_group.value if child.suite.pfs_group else None,
    )
    if own != seen.suite2:
        return Agreement.DISAGREES, f"Phase II: verify says {own}"
    ends = (str(child.initiator_selector), str(child.responder_selector))
    same = seen.selectors is None or all(
        mine in ("own address", theirs) or _leased(mine, theirs)
        for mine, theirs in zip(ends, seen.selectors, strict=True)
    )
    return _answer(same, f"selectors: verify says {ends}")


def _leased(mine: str, theirs: str) -> bool:
    """Whether one address was leased of the pool that verify names."""
    (mine, _, ports), (theirs, _, other) = mine.partition("["), theirs.partition("[")
    if ports != other:
        return False
    low, dash, high = mine.partition("-")
    if not dash:
        pool = ip_network(mine)
        low, high = str(pool[0]), str(pool[-1])
    host = ip_network(theirs)
    inside = ip_address(low).version == host.version
    return (
        host.num_addresses == 1
        and inside
        and int(ip_address(low)) <= int(host[0]) <= int(ip_address(high))
    )


def _answer(same: bool, why: str) -> tuple[Agreement, str]:
    return (Agreement.AGREES, "") if same else (Agreement.DISAGREES, why)


def _reason(verdict: PairVerdict) -> str:
    return verdict.phase1.reason.value if verdict.phase1.reason else ""
