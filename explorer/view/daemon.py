"""The events and the status of a daemon as rows, from their JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from explorer.view.verdicts import Row

Tree = Mapping[str, Any]
WIDTH = 19
_ROLES = {
    "phase1-established": "ok",
    "sas-installed": "ok",
    "phase1-failed": "bad",
    "phase2-failed": "bad",
    "fell-back": "warn",
    "noted": "note",
}


def event_row(event: Tree) -> Row:
    """One event: the time of day, what happened, to whom."""
    kind = str(event["event"])
    head = f"{str(event['time'])[11:19]}  {kind:<{WIDTH}}"
    return Row(_ROLES.get(kind, "plain"), head, "  ".join(filter(None, _words(kind, event))))


def _words(kind: str, event: Tree) -> list[str]:
    if kind == "listening":
        return [f"{event['address']} port {event['port']}, {event['nat_port']} for NAT traversal"]
    if kind == "noted":
        return [str(event["note"])]
    if kind == "stopping":
        count = event["sas"]
        return [f"{event['why']}: {count} Phase I SA{'' if count == 1 else 's'} to delete"]
    if kind in ("sas-installed", "sas-deleted"):
        pair = event["pair"]
        return [event["connection"], _pair(pair), str(event.get("why", ""))]
    who = [str(event[key]) for key in ("connection", "child", "peer") if event.get(key)]
    if kind == "phase1-established":
        role = "as initiator" if event["initiated"] else "as responder"
        return [*who, phase1_suite(event["choice"]), _identity(event["identity"]), role]
    if kind == "notified":
        said = "protected" if event["protected"] else "unprotected: anybody may have sent it"
        return [*who, str(event["notification"]["type"]), f"({said})"]
    reason = f"{event['why']} ({event['reason']})" if "reason" in event else event.get("why", "")
    return [*who, str(reason)]


def phase1_suite(choice: Tree) -> str:
    """The suite of a Phase I SA."""
    bits = choice["key_bits"] or ""
    return f"{choice['encryption']}{bits} {choice['hash']} {choice['group']}"


def _identity(identity: Tree) -> str:
    return f"peer is {identity['value']}"


def _pair(pair: Tree) -> str:
    suites = " + ".join(_suite(item["choice"]) for item in pair["sas"])
    group = pair["sas"][0]["choice"]["group"]
    pfs = f"PFS {group}" if group else "no PFS"
    spis = " + ".join(
        f"{item['inbound_spi']:08x} in, {item['outbound_spi']:08x} out" for item in pair["sas"]
    )
    packets = f"{pair['local']} === {pair['remote']}"
    return f"{pair['child']}  {packets}  {suites}, {pfs}  SPIs {spis}"


def _suite(choice: Tree) -> str:
    parts = [choice["protocol"], choice["transform"], choice["key_bits"], choice["integrity"]]
    return " ".join(str(part) for part in parts if part is not None)


# ---- status
def status_rows(status: Tree) -> Iterator[Row]:
    """Everything that the daemon has, address by address."""
    for node in status["addresses"]:
        yield Row(
            "plain",
            f"{node['address']} port {node['port']}, {node['nat_port']} for NAT traversal",
        )
        for connection in node["connections"]:
            yield from _connection_rows(connection, node)
        limit = node["half_open_limit"]
        yield Row("dim", "  half open", f"{node['half_open']} of {limit} at most")
        for timer in node["timers"]:
            yield Row("dim", "  timer", f"{timer['what']} in {timer['in']:.1f} s  {timer['sa']}")
        for name in ("dropped", "socket_errors"):
            for why, count in node[name].items():
                yield Row("warn", f"  {name.replace('_', ' ')}", f"{count} x {why}")


def _connection_rows(connection: Tree, node: Tree) -> Iterator[Row]:
    calls = f"calls {connection['calls']}" if connection["calls"] else connection["why_not"]
    yield Row("plain", f"  {connection['name']}", f"{', '.join(connection['peers'])}  ({calls})")
    name = connection["name"]
    for sa in node["phase1"]:
        if sa["connection"] == name:
            yield from _phase1_rows(sa)
    for pair in node["pairs"]:
        if pair["connection"] == name:
            life = f"{pair['life']} s" if pair["life"] else "no limit"
            gone = "" if pair["phase1_stands"] else "  (its Phase I SA has ended)"
            yield Row("ok", "    SAs", f"{_pair(pair)}  life {life}{gone}")


def _phase1_rows(sa: Tree) -> Iterator[Row]:
    up = sa["state"] == "established"
    words = [sa["peer"], sa["state"], f"as {sa['role']}"]
    if sa["choice"]:
        words.append(phase1_suite(sa["choice"]))
    if up:
        words.append(f"served {sa['served']}")
        if sa["ends_in"] is not None:
            words.append(f"ends in {sa['ends_in']:.0f} s")
    yield Row("ok" if up else "open", "    Phase I", "  ".join(words))
    if sa["problem"]:
        problem = sa["problem"]
        yield Row("warn", "      trouble", f"{problem['why']} ({problem['reason']})")
    for quick in sa["quick"]:
        text = f"{quick['child']}  {quick['state']}  {quick['resends']} resends"
        yield Row("open", "      Quick Mode", text)


def outcome_rows(result: Tree) -> Iterator[Row]:
    """The result of bringing a connection up."""
    roles = {"established": "ok", "fails": "bad"}
    why = f"{result['why']} ({result['reason']})" if result["why"] else ""
    if result["soft_sa"]:
        why += "; packets go in clear: a soft SA"
    outcome = str(result["outcome"])
    head = f"{outcome.upper():<12} {result['connection']}"
    yield Row(roles.get(outcome, "open"), head, why)
    for child in result["children"]:
        why = f"{child['why']} ({child['reason']})" if child["why"] else ""
        head = f"  {child['outcome']:<12} {child['child']}"
        yield Row(roles.get(child["outcome"], "open"), head, why)
