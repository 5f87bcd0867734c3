"""`ikeproof decode` on two captures of real Windows 2000 peers (R3, R6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.explorer.conftest import Run
from tests.impl.conftest import VECTORS

FACTS = json.loads((VECTORS / "windows2000.json").read_text("utf-8"))
FILES = [VECTORS / "captures" / f"windows2000-kerberos-{name}.pcap" for name in ("ah", "esp")]


def expected_offer() -> list[dict[str, Any]]:
    """The transforms of message 1, each with what it takes over from another."""
    found: dict[int, dict[str, Any]] = {}
    for item in FACTS["main_mode_1"]["transforms"]:
        found[item["number"]] = {**found.get(item.get("same_as", 0), {}), **item}
    return list(found.values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_r6_names_are_readable_and_the_method_is_kerberos(run: Run, file: Any) -> None:
    lines = run("decode", file).out.splitlines()
    assert (
        "  Phase I  3des sha1 modp1024 kerberos, 28800 s, GSS name megalon$@USA.SANS.ORG" in lines
    )
    offered = [line.partition(": ")[2] for line in lines if "mothra$@USA.SANS.ORG" in line]
    names = {32001: "GSS name mothra$@USA.SANS.ORG (32001)", 16384: "GSS name mothra$@USA.SANS.ORG"}
    for said, item in zip(offered, expected_offer(), strict=True):
        cipher, hash_ = item["encryption"].removesuffix("-cbc"), item["hash"]
        group = {1: "modp768", 2: "modp1024"}[item["group"]]
        name = names[item["name_attribute"]]
        assert said == f"{cipher} {hash_} {group} kerberos, 28800 s, {name}"
    assert not any("xauth" in line or "0x" in line for line in lines)
    for number, octets in zip((3, 4), FACTS["main_mode_3_and_4"]["gss_octets"], strict=True):
        kind = {3: "AP-REQ", 4: "AP-REP"}[number]
        assert " " * 19 + f"GSS    {octets} octets, Kerberos {kind}" in lines


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_r11_the_quick_mode_of_four_messages_is_counted(run: Run, file: Any) -> None:
    tree = json.loads(run("decode", file, "--format", "json").out)
    quick = [item for item in tree["messages"] if item["exchange_name"] == "Quick Mode"]
    assert [item["number"] for item in quick] == [1, 2, 3, 4] and FACTS["quick_mode"][
        "messages"
    ] == 4
    assert [item["number"] for item in quick if item["flags"] & 2] == FACTS["quick_mode"][
        "commit_bit_on"
    ]
    assert [item["length"] - 28 for item in quick] == FACTS["quick_mode"]["encrypted_octets"]
    (conversation,) = tree["conversations"]
    said = conversation["conclusion"]
    assert said["sentence"] == (
        "established: Main Mode, then Quick Mode "
        "(4 messages with the commit bit and CONNECTED, encrypted)"
    )
    assert said["messages"] == list(range(1, 11)) and said["certain"]
    names = [
        attribute["text"]
        for message in tree["messages"]
        for payload in message["payloads"]
        for proposal in payload.get("proposals", ())
        for transform in proposal["transforms"]
        for attribute in transform["attributes"]
        if "text" in attribute
    ]
    assert names == ["mothra$@USA.SANS.ORG"] * 8 + ["megalon$@USA.SANS.ORG"]
    out = run("decode", file).out
    assert "encrypted, 56 octets, in the place of CONNECTED (RFC 2408 3.1)" in out
