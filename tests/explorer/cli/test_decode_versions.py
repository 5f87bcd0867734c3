"""`ikeproof decode` on IKEv2 and on versions that nobody knows."""

from __future__ import annotations

import json
from pathlib import Path

from tests.explorer.conftest import Run
from tests.impl.capture.conftest import saved
from tests.impl.capture.test_versions import initial, sealed


def test_ikev2_is_called_by_its_name_and_concluded(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.pcap"
    file.write_bytes(saved([("I", initial()), ("I", sealed(35, 0x08, 1))]))
    lines = run("decode", file).out.splitlines()
    assert lines[0].endswith("2 frames, 1 conversation, 2 messages, 0 malformed")
    assert "  result   IKEv2, out of scope of ikeproof: headers and payload chain only" in lines
    ends = "192.0.2.1:500 -> 192.0.2.2:500"
    assert f"     1    0.000000 {ends}  IKEv2 IKE_SA_INIT request 0, flags initiator" in lines
    assert " " * 19 + "SA, KE, NONCE, N" in lines
    assert f"     2    1.000000 {ends}  IKEv2 IKE_AUTH request 1, flags initiator" in lines
    assert " " * 19 + "SK encrypted, 60 octets; the first payload inside is IDi" in lines
    tree = json.loads(run("decode", file, "--format", "json").out)
    (conversation,) = tree["conversations"]
    assert conversation["version"] == "2.0"
    assert conversation["conclusion"]["outcome"] == "out-of-scope"
    assert conversation["conclusion"]["messages"] == [1, 2]
    assert [item["exchange_name"] for item in tree["messages"]] == ["IKE_SA_INIT", "IKE_AUTH"]
    assert [item["state"] for item in tree["messages"]] == ["clear", "closed"]
    assert [item["name"] for item in tree["messages"][0]["payloads"]] == ["SA", "KE", "NONCE", "N"]
    assert not tree["malformed"]


def test_another_version_is_named(run: Run, tmp_path: Path) -> None:
    file, octets = tmp_path / "x.pcap", initial()
    file.write_bytes(saved([("I", octets[:17] + b"\x31" + octets[18:])]))
    out = run("decode", file).out
    assert "  result   IKE version 3.1, unsupported: header only" in out.splitlines()
    assert "IKE version 3.1, exchange type 34 [00000000], flags 0x08" in out
    assert "malformed" not in out.replace("0 malformed", "")
