"""Vendor ids have names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from impl.wire.vendors import tells, vendor_of


def test_every_listed_vendor_id_has_its_name(vectors: Callable[[str], Any]) -> None:
    listed = vectors("vendor_ids.json")["vendor_ids"]
    assert len(listed) == 13
    for item in listed:
        assert vendor_of(bytes.fromhex(item["vendor_id"])) == item["text"].strip()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("1e2b516905991c7d7c96fcbfb587e46100000002", "MS NT5 ISAKMPOAKLEY, Windows 2000"),
        ("1e2b516905991c7d7c96fcbfb587e46100000009", "MS NT5 ISAKMPOAKLEY, version 9"),
        ("4048b7d56ebce88525e7de7f00d6c2d380000000", "FRAGMENTATION, 80000000"),
        ("b46d8914f3aaa3f2fedeb7c7db2943ca", "A GSS-API Authentication Method for IKE"),
        ("ad2c0dd0b9c32083ccba25b8861ec455", "A GSS-API Authentication Method for IKE"),
        ("4048b7d56ebce88525e7de7f00d6c2", None),
        ("4f456b5262475852766d5045", "Openswan or Libreswan, OEkRbGXRvmPE"),
        ("4f456b52624758522f6d5045", None),
        ("", None),
    ],
)
def test_versions_flags_and_unknown_ones(data: str, name: str | None) -> None:
    assert vendor_of(bytes.fromhex(data)) == name


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("1e2b516905991c7d7c96fcbfb587e46100000002", "gss"),
        ("621b04bb09882ac1e15935fefa24aeee", "gss"),
        ("09002689dfd6b712", "xauth"),
        ("4048b7d56ebce88525e7de7f00d6c2d3", ""),
        ("", ""),
    ],
)
def test_some_tell_kerberos_from_xauth(data: str, what: str) -> None:
    assert tells(bytes.fromhex(data)) == what
