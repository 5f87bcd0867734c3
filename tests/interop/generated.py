"""Random pairs of configurations, decided by two charons and by verify.

    python -m tests.interop.generated --seed N --count M [--minimise]     (root)

A pair starts sound: addresses, identities, proposals, selectors are drawn so that it comes up. Then up to
three faults of the kinds that people make are put in. One seed gives the same pairs, whatever their number.
"""

from __future__ import annotations

import argparse
import copy
import datetime
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.interop.agreement import Agreement, Compared, compared
from tests.interop.cases import Case, Start
from tests.interop.faults import FAULTS
from tests.interop.harness import run, why_not
from tests.interop.pki import PKI
from tests.interop.records import observations
from tests.interop.sites import CERTIFIED, Kid, Secret, Site, text

_IKE = (
    "aes128-sha256-modp2048", "aes256-sha512-ecp256", "3des-sha1-modp1024", "aes256-sha384-modp3072",
    "aes128-sha256-x25519", "camellia128-sha256-modp2048", "aes192-sha1-modp1536",
)  # fmt: skip
_ESP = (
    "aes128-sha256",
    "aes256gcm16",
    "3des-sha1",
    "aes256-sha512",
    "aes128-sha1",
    "aes128ctr-sha256",
)
_GROUPS = ("", "", "", "-modp2048", "-ecp256", "-x25519")
_DARING = "charon.i_dont_care_about_security_and_use_aggressive_mode_psk=yes"
#: (peer's, cmd's) identity and what the other end expects of it; none: the address
_NAMES = (
    ("peer.rig.test", "cmd.rig.test"),
    ("", ""),
    ("$LOCAL_IP", "$LOCAL_IP"),
    ("hub@rig.test", "spoke@rig.test"),
    ("keyid:hub", "keyid:spoke"),
    ('"O=rig, CN=hub"', '"O=rig, CN=spoke"'),
    ('"C=CH, O=rig, OU=net, serialNumber=7"', '"C=CH, O=rig, unstructuredName=r.rig.test"'),
    ("hub.rig.test", ""),
)
_WRONG = Agreement.DISAGREES


@dataclass
class Pair:
    """A pair while it is made: both connections, and what else its sides have."""

    peer: Site
    cmd: Site
    secrets: dict[str, list[Secret]]
    others: dict[str, list[Site]] = field(default_factory=lambda: {"peer": [], "cmd": []})
    more: dict[str, str] = field(default_factory=lambda: {"peer": "", "cmd": ""})
    behind: tuple[str, ...] = ()
    forwarded: bool = False
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    certified: bool = False

    def site(self, side: str) -> Site:
        """One side's connection."""
        return self.peer if side == "peer" else self.cmd

    def put(self, side: str, site: Site) -> None:
        """Change it."""
        if side == "peer":
            self.peer = site
        else:
            self.cmd = site

    def case(self, name: str) -> Case:
        """As the rig runs it."""
        made = Case(
            name,
            "generated",
            "",
            self._text("peer"),
            self._text("cmd"),
            starts=tuple(self._starts()),
            behind=self.behind,
            forwarded=self.forwarded,
            settings=tuple(self.settings.items()),
            hosts=tuple(self.names.items()),
            addresses=tuple(self.addresses.items()),
        )
        certified = self.certified or "pubkey" in (self.peer.auth, self.cmd.auth)
        return replace(made, **CERTIFIED) if certified else made

    def _text(self, side: str) -> str:
        sites = [*self.others[side], self.site(side)]
        return text(sites, self.secrets[side], self.more[side])

    def _starts(self) -> Iterator[Start]:
        for side in ("peer", "cmd"):
            if self.more[side]:
                continue  # who leases addresses and starts may be too fast for them: either outcome
            for kid in self.site(side).kids:
                yield Start(side, "rig", (kid.name,))


def generated(seed: int, count: int) -> Iterator[Case]:
    """The pairs of a seed; each has a generator of its own, so that one can be made again alone."""
    for number in range(count):
        yield pair(seed, number).case(f"{seed}/{number}")


def pair(seed: int, number: int, without: frozenset[int] = frozenset()) -> Pair:
    """One of them; without some of its faults, by their place."""
    rng = random.Random(f"{seed}/{number}")
    made = _sound(rng)
    for place in range(rng.choices((0, 1, 2, 3), (25, 50, 18, 7))[0]):
        fault: Callable[[random.Random, Pair], str] = rng.choice(FAULTS)
        changed = copy.deepcopy(made)
        said = fault(rng, changed)
        if said and place not in without:
            made = changed
            made.faults.append(said)
    return made


def smaller(seed: int, number: int) -> Iterator[tuple[str, Pair]]:
    """The same with less: one fault left out, no other connections, no NAT, one child."""
    for place in range(3):
        made = pair(seed, number, frozenset((place,)))
        if len(made.faults) < len(pair(seed, number).faults):
            yield f"without fault {place}", made
    for name in ("others", "behind", "kids"):
        made = pair(seed, number)
        if name == "others":
            made.others = {"peer": [], "cmd": []}
        elif name == "behind":
            made.behind = ()
        else:
            for side in ("peer", "cmd"):
                made.put(side, replace(made.site(side), kids=made.site(side).kids[:1]))
        if made.case("") != pair(seed, number).case(""):
            yield f"without {name}", made


# ---- a sound pair
def _sound(rng: random.Random) -> Pair:
    certified = rng.random() < 0.25
    made = Pair(Site(), Site(), {"peer": [], "cmd": []})
    six = rng.random() < 0.15
    _identify(rng, made, certified)
    _secure(rng, made, certified)
    _propose(rng, made)
    if not six and rng.random() < 0.2:
        made.behind = rng.choice((("cmd",), ("cmd",), ("peer",), ("peer", "cmd")))
        made.forwarded = rng.random() < 0.7
    _address(rng, made, six)
    _select(rng, made)
    if rng.random() < 0.12:
        for side in ("peer", "cmd"):
            made.put(side, replace(made.site(side), more="aggressive = yes"))
        if rng.random() < 0.7:
            made.settings = dict.fromkeys(("peer", "cmd"), (_DARING,))
    if rng.random() < 0.3:
        _more_connections(rng, made)
    return made


def _identify(rng: random.Random, made: Pair, certified: bool) -> None:
    if certified:
        names = rng.choice((("peer.rig.test", "cmd.rig.test"), ("", ""),
                            ('"O=rig, CN=peer.rig.test"', '"O=rig, CN=cmd.rig.test"')))  # fmt: skip
    else:
        names = rng.choice(_NAMES)
    expects = rng.random() < 0.75
    for side, own, other in (("peer", *names), ("cmd", *reversed(names))):
        expected = other.replace("$LOCAL_IP", "$REMOTE_IP") if expects else ""
        made.put(side, replace(made.site(side), id=own, peer_id=expected))


def _secure(rng: random.Random, made: Pair, certified: bool) -> None:
    if certified:
        for side in ("peer", "cmd"):
            own = f"certs = {side}.crt"
            made.put(side, replace(made.site(side), auth="pubkey", own=own))
        return
    for side in ("peer", "cmd"):
        site = made.site(side)
        owners: Sequence[tuple[str, ...]] = [(), (), ("$REMOTE_IP",), ("$LOCAL_IP", "$REMOTE_IP")]
        if site.peer_id and not site.peer_id.startswith("$"):
            owners = [*owners, (site.peer_id,), (site.peer_id, site.id or "$LOCAL_IP")]
        made.secrets[side] = [Secret("correct horse", rng.choice(owners))]
        if rng.random() < 0.3:
            made.secrets[side].append(Secret("for another", ("198.51.100.7",)))


def _propose(rng: random.Random, made: Pair) -> None:
    ike = rng.sample(_IKE, rng.choice((1, 1, 2, 3)))
    for side in ("peer", "cmd"):
        own = list(ike)
        rng.shuffle(own)
        made.put(side, replace(made.site(side), ike=", ".join(own)))
    if rng.random() < 0.05:
        for side in ("peer", "cmd"):
            made.put(side, replace(made.site(side), ike="default"))


def _address(rng: random.Random, made: Pair, six: bool) -> None:
    for side, own, other, name in (
        ("peer", "2001:db8::1", "2001:db8::2", "cmd.example"),
        ("cmd", "2001:db8::2", "2001:db8::1", "peer.example"),
    ):
        local, remote = (own, other) if six else ("$LOCAL_IP", "$REMOTE_IP")
        if rng.random() < 0.08:
            local = rng.choice(("", "%any"))
        roll = rng.random()
        if roll < 0.03:
            made.names[name] = other if six else {"peer": "192.0.2.2", "cmd": "192.0.2.1"}[side]
            remote = name
        elif roll < 0.16:
            remote += ", %any" if roll < 0.12 else ", 198.51.100.9"
        elif roll < 0.22 and side == "cmd":
            remote = rng.choice(("%any", "2001:db8::/64" if six else "192.0.2.0/24"))
        made.put(side, replace(made.site(side), local=local, remote=remote))


def _select(rng: random.Random, made: Pair) -> None:
    six = rng.random() < 0.12
    mode = rng.choices(("", "tunnel", "transport"), (70, 15, 15))[0]
    kids: list[tuple[Kid, Kid]] = []
    for n in range(rng.choices((1, 2, 3), (70, 20, 10))[0]):
        one, two = (
            (f"fd00:1:{n}::/64", f"fd00:2:{n}::/64")
            if six
            else (f"10.1.{n}.0/24", f"10.2.{n}.0/24")
        )
        if mode == "transport" or (n == 0 and rng.random() < 0.12):
            one = two = ""
        elif rng.random() < 0.1:
            one, two = f"{one}[tcp/80]", f"{two}[tcp]"
        elif rng.random() < 0.15:
            one, two = f"{one}, 10.11.{n}.0/24", f"{two}, 10.12.{n}.0/24"
        esp = rng.choice(_ESP) + rng.choice(_GROUPS)
        if rng.random() < 0.2:
            esp += ", " + rng.choice(_ESP)
        ah = "sha256" if rng.random() < 0.06 else ""
        if rng.random() < 0.06:
            esp = "default"
        name = "net" if n == 0 else f"net{n}"
        kids.append((Kid(name, one, two, esp, ah, mode), Kid(name, two, one, esp, ah, mode)))
        if mode == "transport":
            break
    made.peer = replace(made.peer, kids=tuple(mine for mine, _ in kids))
    made.cmd = replace(made.cmd, kids=tuple(other for _, other in kids))
    if not six and mode != "transport" and rng.random() < 0.05:
        made.cmd = replace(
            made.cmd, more="vips = 0.0.0.0", kids=(replace(made.cmd.kids[0], local=""),)
        )
        made.peer = replace(
            made.peer, more="pools = p", kids=(replace(made.peer.kids[0], remote=""),)
        )
        made.more["peer"] = "pools {\np {\naddrs = 10.3.0.0/28\n}\n}"


def _more_connections(rng: random.Random, made: Pair) -> None:
    """One or two for other peers, or for anybody, before the one that is meant."""
    side = rng.choice(("peer", "cmd"))
    for n in range(rng.choice((1, 2))):
        remote = rng.choice(("198.51.100.7", "%any", "192.0.2.0/24", "192.0.2.66"))
        kids = (Kid("other", f"10.9.{n}.0/24", f"10.8.{n}.0/24"),)
        ike = rng.choice((made.site(side).ike, rng.choice(_IKE)))
        auth = "psk" if made.secrets[side] else "pubkey"
        other = Site(made.site(side).local, remote, made.site(side).id, f"other{n}.rig.test",
                     f"other{n}", auth, ike, kids, made.site(side).own)  # fmt: skip
        made.others[side].append(other)


# ---- deciding and comparing
def decided(cases: Sequence[Case], today: datetime.date) -> list[Compared]:
    """Let two charons decide, and hold verify against it."""
    pki = PKI(today)
    seen = observations(run(cases, pki), cases)
    unclear = [
        case
        for case in cases
        if any("unknown" in (item.reason1, item.reason2) for item in seen[case.name].values())
    ]
    seen |= observations(run(unclear, pki, at_once=2, timeout=4.0), unclear)
    return list(compared(cases, seen, today))


def minimised(found: Sequence[Compared], seed: int, today: datetime.date) -> list[str]:
    """For each pair that disagrees, what can be left out of it (one thing at a time), still disagreeing."""
    numbers = {int(x.case.name.partition("/")[2]) for x in found if x.agreement is _WRONG}
    names = {
        f"{number}, {how}": made
        for number in sorted(numbers)
        for how, made in smaller(seed, number)
    }
    cases = [made.case(name) for name, made in names.items()]
    again = {item.case.name for item in decided(cases, today) if item.agreement is _WRONG}
    return [f"{seed}/{name}: still disagrees" for name in names if name in again]


def report(found: Sequence[Compared], seed: int) -> str:
    """Counts by outcome and reason, then every disagreement with both texts."""
    lines = ["outcome by charon, and how verify stands to it:"]
    count: Counter[tuple[str, str]] = Counter()
    for item in found:
        seen = item.observed
        count[seen.reason1 or seen.reason2 or "established", item.agreement.value] += 1
    for (outcome, how), number in sorted(count.items()):
        lines.append(f"  {number:5}  {outcome:30} {how}")
    suites = {(item.observed.suite1, item.observed.suite2) for item in found}
    selectors = {item.observed.selectors for item in found}
    lines.append(f"{len(suites)} pairs of suites, {len(selectors)} pairs of selectors")
    for item in found:
        if item.agreement is _WRONG:
            number = int(item.case.name.partition("/")[2])
            lines.append(
                f"\n=== {item.case.name} {item.start.key}: {item.why}\n    charon: {item.observed}\n"
                f"    faults: {'; '.join(pair(seed, number).faults) or 'none'}"
            )
            for side in ("peer", "cmd"):
                lines.append(f"--- {side}\n{item.case.text(side)}")
    return "\n".join(lines)


def main() -> int:
    """Print the report; 1 on a disagreement, 2 where the rig cannot run."""
    parser = argparse.ArgumentParser(description="random pairs: verify against two charons")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument(
        "--minimise", action="store_true", help="what can be left out of disagreements"
    )
    asked = parser.parse_args()
    if reason := why_not():
        print(f"cannot run: {reason}", file=sys.stderr)
        return 2
    began = time.monotonic()
    found = decided(list(generated(asked.seed, asked.count)), datetime.date.today())
    print(report(found, asked.seed))
    wrong = sum(item.agreement is _WRONG for item in found)
    if wrong and asked.minimise:
        print("\n".join(minimised(found, asked.seed, datetime.date.today())))
    took = time.monotonic() - began
    print(f"{asked.count} pairs, {len(found)} directions, {wrong} disagreements, {took:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
