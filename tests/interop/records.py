"""What two charons did, kept: tests/data/charon/records.json, and docs/agreement.md made from it.

python -m tests.interop.records          write docs/agreement.md from the kept records
python -m tests.interop.records --live   let two charons decide every case anew first (root), and keep the
                                         lines that they log: tests/data/charon/logs.json
python -m tests.interop.records --changed  the same for new and changed cases only, without those lines
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.interop import agreement
from tests.interop.address_cases import address_cases
from tests.interop.agreement import Agreement, Compared
from tests.interop.authentication_cases import authentication_cases
from tests.interop.cases import DATA, Case
from tests.interop.field_cases import field_cases
from tests.interop.file_cases import file_cases
from tests.interop.found_cases import found_cases
from tests.interop.harness import Lines, run, version_here, why_not
from tests.interop.lease_cases import lease_cases
from tests.interop.log_lines import write_log_lines
from tests.interop.name_cases import name_cases
from tests.interop.nat_cases import nat_cases
from tests.interop.observed import Observed, observe
from tests.interop.phase1_cases import phase1_cases
from tests.interop.phase2_cases import phase2_cases
from tests.interop.pki import PKI
from tests.interop.secret_cases import secret_cases
from tests.interop.spelling_cases import spelling_cases, tolerated_cases

RECORDS = DATA / "charon" / "records.json"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "agreement.md"
Observations = dict[str, dict[str, Observed]]


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case; names are unique."""
    return (
        *plain_cases(),
        *field_cases(),
        *address_cases(),
        *nat_cases(),
        *name_cases(),
        *secret_cases(),
        *lease_cases(),
        *spelling_cases(),
        *found_cases(),
        *tolerated_cases(),
        *file_cases(),
    )


@cache
def plain_cases() -> tuple[Case, ...]:
    """Those of two peers with one address each, which reach each other directly."""
    return (*phase1_cases(), *authentication_cases(), *phase2_cases())


def kinds() -> list[str]:
    """The kinds of change, in the order of the cases."""
    return list(dict.fromkeys(case.kind for case in all_cases()))


def observations(lines: Lines, cases: Iterable[Case]) -> Observations:
    """What the logs of a run show."""
    found: Observations = {}
    for case in cases:
        mine = found[case.name] = {}
        for start in case.started:
            both = lines[case.name][start.key]
            other = "cmd" if start.side == "peer" else "peer"
            mine[start.key] = observe(both[start.side], both[other])
    return found


def decided(pki: PKI, cases: Sequence[Case]) -> tuple[Lines, Observations]:
    """Let two charons decide cases; what tells no reason is heard again, with patience."""
    lines = run(cases, pki)
    found = observations(lines, cases)
    unclear = [
        case
        for case in cases
        if any("unknown" in (item.reason1, item.reason2) for item in found[case.name].values())
    ]
    lines |= run(unclear, pki, at_once=1, timeout=4.0)
    return lines, observations(lines, cases)


def kept() -> Observations:
    """The kept records. ValueError: a case has changed since, or has none."""
    found, changed = _kept()
    if changed:
        raise ValueError(
            f"{changed[0].name}: no record of the case as it is; run python -m tests.interop.records "
            "--changed"
        )
    return found


def _kept() -> tuple[Observations, list[Case]]:
    """The records of cases as they are, and the cases that have none."""
    tree = json.loads(RECORDS.read_text())["cases"]
    found: Observations = {}
    changed = []
    for case in all_cases():
        record = tree.get(case.name)
        if record is None or record["digest"] != case.digest():
            changed.append(case)
        else:
            found[case.name] = {i.key: Observed.of(record[i.key]) for i in case.started}
    return found, changed


def write_records(found: Observations, version: str) -> None:
    """One case a line, so that a change shows as one."""
    lines = []
    for case in all_cases():
        record: dict[str, Any] = {"digest": case.digest()}
        record |= {side: item.record() for side, item in found[case.name].items()}
        lines.append(f"  {json.dumps(case.name)}: {json.dumps(record)}")
    head = json.dumps({"strongswan": version})
    RECORDS.write_text(f'{{"made_by": {head}, "cases": {{\n' + ",\n".join(lines) + "\n}}\n")


def compared(found: Observations, today: datetime.date) -> Iterator[Compared]:
    """Every case in every direction, verdict against observation."""
    return agreement.compared(all_cases(), found, today)


# ---- the document


def document(results: Iterable[Compared], version: str) -> str:
    """docs/agreement.md."""
    results = list(results)
    rows = []
    for kind in [*kinds(), ""]:
        mine = [item for item in results if not kind or item.case.kind == kind]
        count = Counter((item.initiator, item.agreement) for item in mine)
        cells = [kind or "**all**", str(len({item.case.name for item in mine}))]
        for side in ("peer", "cmd"):
            total = sum(1 for item in mine if item.initiator == side)
            cells.append(f"{count[side, Agreement.AGREES]} of {total}")
        for how in (Agreement.UNDECIDED, Agreement.CONDITIONAL, Agreement.DISAGREES):
            cells.append(str(count["peer", how] + count["cmd", how] or "-"))
        rows.append("| " + " | ".join(cells) + " |")
    listed = []
    by_case: dict[Case, list[Compared]] = {}
    for item in results:
        by_case.setdefault(item.case, []).append(item)
    for case in dict.fromkeys(item.case for item in results):
        both = {item.initiator: item for item in reversed(by_case[case])}
        cells = [_cell(both.get(side)) for side in ("peer", "cmd")]
        listed.append(f"| {case.name} | {cells[0]} | {cells[1]} |")
    return _TEXT.format(version=version, rows="\n".join(rows), cases="\n".join(listed))


def _cell(item: Compared | None) -> str:
    if item is None:
        return ""
    seen = item.observed
    if seen.phase1 != "established":
        text = f"Phase I: {seen.reason1}"
    elif seen.phase2 != "established":
        text = f"Phase II: {seen.reason2}"
    else:
        parts = [part for part in seen.suite2 or () if part]
        text = " ".join([*(seen.suite1 or ()), "/", *parts])
    marks = {Agreement.UNDECIDED: " (a)", Agreement.CONDITIONAL: " (b)"}
    return text + marks.get(item.agreement, "")


_TEXT = """\
# Agreement with strongSwan

Generated from `tests/data/charon/records.json` by `python -m tests.interop.records`; a test checks that it is current.

Two strongSwan {version} daemons, with the plugins that Debian's packages load, negotiated every case in both
directions, unless one end cannot start. `verify` reads the same files, and must find the same outcome, reason, suites of
both phases, and selectors.

Most cases are a working pair of configurations with one field changed at one end or at both ("two changes": two
fields). If only one end is changed, the other is the unchanged side. The other cases are complete configurations:
problems from public reports, several addresses, IPv6, NAT, several connections, identities and secrets of every kind,
virtual addresses, options of strongswan.conf. In these, the first column is the peer at 192.0.2.1.

| what is changed | cases | unchanged side starts | changed side starts | undecided (a) | conditional (b) | disagreements |
|---|---|---|---|---|---|---|
{rows}

(a) The outcome depends on something that is not in the files, and `verify` says what is missing. In this table:

- The content of `default` proposals at one end, which depends on the version and the plugins. With `--version` the
  outcome is decided. If both ends have `default`, the same build is assumed, and the assumption is printed.
- The peer's own address, if it is not stated and decides which connection the responder selects, or if the other end
  calls another address than the identities and certificates name.
- The user name and password of XAUTH.
- Certificates that the policy names but that are not beside it, or are on a token; which of several certificates has a
  private key.

(b) The verdict is correct under its printed assumption, but the assumption is not true in the case:

- A host has exactly the addresses that its policy states as its own. In these cases the policy states a wrong one.
- A peer that does not state its address has the address that the other end calls. `verify` warns about it
  (ADDRESS-UNCONFIRMED). In these cases the address is wrong.
- A host name resolves to the peer's address. In these cases it resolves to another address, or to none.

strongSwan does not distinguish a wrong exchange mode from a wrong authentication method, nor, as initiator, an unusable
method from a missing private key. In these cases `verify` must give one of the two reasons.

The kernel of the test machine may lack ESP and AH. A shim (`tests/interop/rig/kernel_shim.c`) reports SAs as installed,
so transport mode, AH and selectors are negotiated as on any other machine. Behaviour over two lifetimes is tested in
`tests/interop/test_renewals.py`.

## Every case

Failed: phase and reason. Established: suite of Phase I / suite of Phase II.

| case | unchanged side starts | changed side starts |
|---|---|---|
{cases}
"""


def main() -> int:
    """Write the document, with --live the records too; 1 on a disagreement, 2 if it cannot run."""
    parser = argparse.ArgumentParser(description="the agreement of verify with strongSwan")
    parser.add_argument("--live", action="store_true", help="let two charons decide again")
    parser.add_argument("--changed", action="store_true", help="the same for new and changed cases")
    asked, today = parser.parse_args(), datetime.date.today()
    if asked.live or asked.changed:
        if reason := why_not():
            print(f"cannot run: {reason}", file=sys.stderr)
            return 2
        pki = PKI(today)
        old, changed = _kept() if asked.changed else ({}, list(all_cases()))
        lines, found = decided(pki, changed)
        write_records(old | found, version_here())
        if asked.live:
            write_log_lines(lines, found, all_cases(), pki, version_here())
    version = json.loads(RECORDS.read_text())["made_by"]["strongswan"]
    results = list(compared(kept(), today))
    DOCUMENT.write_text(document(results, version))
    wrong = [item for item in results if item.agreement is Agreement.DISAGREES]
    for item in wrong:
        print(f"{item.case.name}, {item.initiator} starts: {item.why}; charon: {item.observed}")
    print(Counter(item.agreement.value for item in results))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
