"""Two of our engines and a real KDC (R3, R5)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.interop.harness import ROOT, kdc_script, why_no_kdc
from tests.interop.kerberos_worker import CASES

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_no_kdc()), reason=why_no_kdc() or "it can"),
]
A, B = (f"host/{end}.rig.test@RIG.TEST" for end in "ab")
STRANGER = "host/nobody.rig.test@RIG.TEST"


@cache
def ran(enctypes: str, *cases: str) -> dict[str, Any]:
    """What became of the cases, with tickets of that kind (empty: as MIT's library likes)."""
    with tempfile.TemporaryDirectory(prefix="ikeproof-kerberos-") as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, str(kdc_script())]
        command += ["--enctypes", enctypes] if enctypes else []
        command += ["--", sys.executable, "-m", "tests.interop.kerberos_worker", str(results)]
        done = subprocess.run(
            [*command, *cases], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the rig ended with {done.returncode}: {done.stderr}{done.stdout}")
        found: dict[str, Any] = json.loads(results.read_text())
        return found


def of(case: str) -> dict[str, Any]:
    found: dict[str, Any] = ran("", *CASES)[case]
    return found


def established(case: dict[str, Any]) -> tuple[str, str]:
    """Who each end says that the other is; both have their SAs."""
    for end in "ab":
        assert [item["event"] for item in case[end]] == ["Phase1Established", "SasInstalled"], case
    return case["a"][0]["proved"], case["b"][0]["proved"]


def failed(case: str, end: str) -> tuple[str, str]:
    """Why an end has failed; nothing was established."""
    found = of(case)
    assert {item["event"] for which in "ab" for item in found[which]} == {"Phase1Failed"}, found
    return found[end][0]["reason"], found[end][0]["why"]


@pytest.mark.parametrize("case", ["windows2000", "racoon", "without confidentiality", "anybody"])
def test_r3_r5_both_ends_prove_themselves_by_real_kerberos(case: str) -> None:
    assert established(of(case)) == (B, A)


@pytest.mark.parametrize(
    ("enctypes", "said"),
    [("", "aes256-cts-hmac-sha1-96"), ("arcfour-hmac", "arcfour-hmac")],
    ids=["AES", "RC4"],
)
def test_r3_r5_tickets_of_both_times(enctypes: str, said: str) -> None:
    found = ran(enctypes, *(CASES if not enctypes else ["windows2000", "racoon"]))
    assert established(found["windows2000"]) == established(found["racoon"]) == (B, A)
    # whom the ticket is for, and how it is encrypted
    assert B in found["tickets"] and said in found["tickets"].split(B)[1]


def test_r6_real_tokens_show_whom_the_ticket_is_for_and_nobody_else() -> None:
    # A names itself in message 1, B in message 2; the ticket in message 3 is for B
    assert of("windows2000")["readable"][:6] == [["a"], ["b"], ["b"], [], [], []]


def test_r5_the_wrong_principal_is_refused_with_clear_words() -> None:
    assert failed("unknown principal", "a") == (
        "identity",
        f"Kerberos: the KDC knows no such principal: Server {STRANGER} not found in Kerberos database",
    )
    why = f"the peer calls itself {B}, and the policy expects {STRANGER}"
    assert failed("unexpected principal", "a") == ("identity", why)
    why = f"the peer calls itself {A}, and the policy expects {STRANGER}"
    assert failed("unexpected initiator", "b") == ("identity", why)
    why = f"the peer calls itself {STRANGER} and is {A}"
    assert failed("false name", "b") == ("identity", why)
    reason, why = failed("wrong key", "b")
    assert reason == "identity"
    assert why.startswith("Kerberos: the ticket is for another principal than ours: ")


@pytest.mark.parametrize("case", ["expired", "long expired"])
def test_r5_an_expired_ticket_is_refused_with_clear_words(case: str) -> None:
    why = "Kerberos: the ticket has expired: renew it (kinit)"
    assert failed(case, "a") == ("kerberos", why)


def test_r5_clocks_that_differ_are_refused_with_clear_words() -> None:
    reason, why = failed("skewed", "b")
    assert reason == "kerberos"
    assert why.startswith("Kerberos: the clocks of both ends differ by more than Kerberos allows")
    assert failed("skewed", "a") == ("kerberos", "the peer says AUTHENTICATION-FAILED, in clear")


@pytest.mark.parametrize(
    ("case", "end", "words"),
    [
        ("no ticket", "a", "there is no ticket: "),
        ("no key", "b", "the keytab has no key for that name: "),
        ("no KDC", "a", "no KDC answers: "),
    ],
)
def test_r5_what_is_missing_is_said(case: str, end: str, words: str) -> None:
    reason, why = failed(case, end)
    assert reason == "kerberos" and why.startswith(f"Kerberos: {words}")
