"""What is asked of certificates: two engines and `verify` come to the same, whichever the stack (R3, R5).

What strongSwan asks is in the cases of kind "strictness about certificates" (test_charon_certificates).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from model.formats import load
from model.vocabulary.outcomes import Outcome, PairVerdict
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import CHARON
from proofs.verify import verify
from tests.conftest import DictReader
from tests.impl.translate.conformance import carry_out, plan_of
from tests.impl.translate.test_conformance import TODAY, A, B, native_text
from tests.impl.translate.test_principals import PSK, SAID
from tests.interop.pki import PKI


@cache
def pki() -> PKI:
    return PKI(TODAY)


def peer(name: str, own: str, anchor: str, asks: str = "") -> Peer:
    """A peer with a certificate, which trusts one authority and asks more of paths, in TOML."""
    here, there = (A, B) if name == "a" else (B, A)
    way = f'{{ method = "certificate", certificate = "own", ca = "ca", key = "file:key"{asks} }}'
    files = {
        f"{name}.toml": native_text(SAID, here, there).replace(PSK, way).encode(),
        "own": pki().certificate(own),
        "ca": pki().certificate(anchor),
        "key": pki().key(own),
    }
    return load(f"{name}.toml", name, DictReader(files))


def both(
    own: str, anchor: str, asks: str = "", *, plain: bool = False
) -> tuple[PairVerdict, str | None]:
    """What `verify` says of a responder that judges an initiator's certificate, and what engines do."""
    peers = [peer("a", own, "ca"), peer("b", "peer", anchor, asks)]
    if plain:
        peers = [
            replace(item, profile=replace(item.profile, certificates=CHARON.certificates))
            for item in peers
        ]
    plans = [plan_of(item, host, day=TODAY) for item, host in zip(peers, (A, B), strict=True)]
    assert plans[0] is not None and plans[1] is not None
    verdict = verify(peers, [("a", "b")], TODAY).pairs[0]
    return verdict, carry_out(plans[0], plans[1], "peer", "peer").reason1


OLD = ', least_bits = 1024, hashes = ["sha1", "sha256"]'
VARIANTS = [
    ("cmd", "ca", "", ""),
    ("cmd-small", "ca", "a key of 1024 bits, and 2048 are required", "has a key of 1024 bits"),
    (
        "cmd-smallca",
        "small-ca",
        "a key of 1024 bits, and 2048 are required",
        "has a key of 1024 bits",
    ),
    ("cmd-sha1", "ca", "is signed with sha1", "is signed with sha1"),
    ("cmd-code", "ca", "not for IPsec", ""),
    ("cmd-mute", "mute-ca", "is not allowed to sign certificates", ""),
    ("cmd-wrap", "ca", "is not allowed to sign (keyUsage)", None),
    ("cmd-expired", "ca", "is not valid on", None),
]


@pytest.mark.parametrize(("own", "anchor", "strict", "plain"), VARIANTS)
def test_r5_engines_and_verify_ask_the_same_of_a_path(
    own: str, anchor: str, strict: str, plain: str | None
) -> None:
    """`strict`: what a strict stack has against it; `plain`: what is told of it if that is taken, None if not."""
    verdict, done = both(own, anchor)
    failed = verdict.phase1.outcome is Outcome.FAILS
    assert failed is bool(strict) and done == ("certificate" if failed else None)
    assert strict in verdict.phase1.why
    verdict, done = both(own, anchor, plain=True)
    assert done == (None if plain is not None else "certificate")
    assert verdict.phase1.outcome is (Outcome.ESTABLISHED if done is None else Outcome.FAILS)
    weak = [item.what for item in verdict.findings if item.id == "WEAK-CERTIFICATE"]
    assert len(weak) == bool(plain) and all(plain in item for item in weak if plain)


@pytest.mark.parametrize(
    ("own", "anchor", "asks", "fails"),
    [
        ("cmd-small", "ca", OLD, False),
        ("cmd-sha1", "ca", OLD, False),
        ("cmd-smallca", "small-ca", OLD, False),
        ("cmd-sha1", "ca", ", least_bits = 1024", True),
        ("cmd", "ca", ", least_bits = 3072", True),
        ("cmd", "ca", ', hashes = ["sha512"]', True),
    ],
)
def test_r5_a_policy_may_ask_for_more_or_less(
    own: str, anchor: str, asks: str, fails: bool
) -> None:
    verdict, done = both(own, anchor, asks)
    assert done == ("certificate" if fails else None)
    assert verdict.phase1.outcome is (Outcome.FAILS if fails else Outcome.ESTABLISHED)
