"""Verdict and specification agree: the run ends as the verdict says, and replays."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.run import Run, replay
from model.spec import specification
from model.vocabulary.outcomes import Outcome
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import CHARON, WINDOWS2000
from proofs.verify import judge_connection, links_judged
from proofs.verify.witness import witness

PeerOf = Callable[..., Peer]
TODAY = datetime.date(2026, 11, 24)
_IKE = st.sampled_from(
    ["aes128-sha1-modp2048", "aes256-aes128-sha1-modp2048", "3des-md5-sha1-modp1024-modp2048",
     "aes256-sha256-modp2048", "3des-sha1-modp1024"]
)  # fmt: skip
_ESP = st.sampled_from(
    ["aes128-sha1", "aes256-aes128-sha1", "aes128-sha1-modp2048", "3des-sha1-modp1024-modp2048",
     "aes128gcm16-modp2048", "aes128-sha1-modp2048-modpnone"]
)  # fmt: skip


@st.composite
def sides(draw: st.DrawFn) -> str:
    """One side of a pair, with `@OWN@`, `@OTHER@` for its place."""
    some = st.lists

    def pick(*items: str) -> str:
        return draw(st.sampled_from(items))

    auth = pick("psk", "psk", "psk", "pubkey")
    return f"""connections {{ c {{
  version = 1
  aggressive = {pick("no", "no", "no", "yes")}
  local_addrs = 192.0.2.@OWN@
  remote_addrs = 192.0.2.@OTHER@
  proposals = {", ".join(draw(some(_IKE, min_size=1, max_size=3)))}
  local {{ auth = {auth}
    id = {pick("gate@OWN@", "gate@OWN@", "gate@OWN@", "other")} }}
  remote {{ auth = {auth}
    id = {pick("gate@OTHER@", "gate@OTHER@", "%any", "other")} }}
  children {{ net {{
    mode = {pick("tunnel", "tunnel", "tunnel", "transport")}
    local_ts = {pick("10.@OWN@.0.0/16", "10.@OWN@.0.0/16", "10.@OWN@.7.0/24", "10.9.0.0/16")}
    remote_ts = {pick("10.@OTHER@.0.0/16", "10.@OTHER@.0.0/16", "dynamic")}
    esp_proposals = {", ".join(draw(some(_ESP, min_size=1, max_size=3)))}
  }} }}
}} }}
secrets {{ ike-a {{ secret = {pick("same", "same", "same", "other")} }} }}
"""


@given(sides(), sides(), st.booleans(), st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_run_ends_as_the_verdict_says_and_replays(
    peer_of: PeerOf, one: str, other: str, windows_a: bool, windows_b: bool
) -> None:
    a = peer_of("a", one.replace("@OWN@", "1").replace("@OTHER@", "2"))
    b = peer_of("b", other.replace("@OWN@", "2").replace("@OTHER@", "1"))
    a = replace(a, profile=WINDOWS2000 if windows_a else CHARON)
    b = replace(b, profile=WINDOWS2000 if windows_b else CHARON)
    for judgements in links_judged([a, b], [("a", "b")]):
        for initiator, connection, responder in judgements:
            judged = judge_connection(initiator, connection, responder, TODAY)
            for child in judged.children or (None,):
                made = witness(judged, initiator, responder, child)
                if made is None:
                    assert judged.verdict.phase1.outcome is not Outcome.ESTABLISHED
                    continue
                assert made.agrees, (made.why, judged.verdict)
                done = replay(specification(), Run.parse(made.run.text()))
                assert done.diverged_at is None, done.why
