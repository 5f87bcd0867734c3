"""Any two policies: two engines do what `verify` says of them (R3, R7, R10, R12, R21)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from model.formats import load
from model.vocabulary.outcomes import Outcome, Reason
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import CHARON
from model.vocabulary.suites import Group
from proofs.verify import judge_connection
from proofs.verify.witness import witness
from tests.conftest import DictReader
from tests.impl.translate.conformance import carry_out, decided, difference, plan_of

TODAY = datetime.date(2026, 11, 24)
A, B = "192.0.2.1", "192.0.2.2"
Draw = Callable[[st.SearchStrategy[Any]], Any]


def parts(*kinds: list[str]) -> st.SearchStrategy[str]:
    """A proposal of strongSwan: one or two algorithms of each kind."""
    lists = (st.lists(st.sampled_from(kind), min_size=1, max_size=2, unique=True) for kind in kinds)
    return st.tuples(*lists).map(lambda found: "-".join(word for kind in found for word in kind))


IKE = parts(["des", "3des", "aes128", "aes256"], ["md5", "sha1", "sha256"], ["modp768", "modp1024"])
PLAIN = parts(["3des", "aes128", "aes256", "null"], ["md5", "sha1", "sha256"])
ESP = st.one_of(
    PLAIN,
    st.sampled_from(["aes128gcm16", "aes256gcm8"]),
    parts(["3des", "aes128"], ["sha1", "sha256"], ["modp768", "modp1024", "modpnone"]),
)
NAMES = st.sampled_from(["a.test", "b.test", "c@d.test"])
NETS = st.sampled_from(
    ["10.1.0.0/16", "10.1.7.0/24", "10.1.7.9/32", "10.0.0.0/8", "10.1.0.0/16[tcp/80]"]
)


@st.composite
def swanctl(draw: Draw, side: int) -> dict[str, str]:
    """One side of a pair, by what it says."""
    own, other = ("10.1.0.0/16", "10.2.0.0/16")[:: 1 if side == 0 else -1]
    names = ("a.test", "b.test")[:: 1 if side == 0 else -1]

    def mostly(usual: str, else_: st.SearchStrategy[str]) -> str:
        return str(draw(st.one_of(st.just(usual), st.just(usual), st.just(usual), else_)))

    return {
        "proposals": ", ".join(draw(st.lists(IKE, min_size=1, max_size=3, unique=True))),
        "esp": ", ".join(draw(st.lists(ESP, min_size=1, max_size=3, unique=True))),
        "own": mostly(names[0], NAMES),
        "other": mostly(
            names[1], st.one_of(NAMES, st.sampled_from(["%any", "*.test", "*@d.test", "*.c.test"]))
        ),
        "psk": mostly("one", st.just("two")),
        "mode": mostly("tunnel", st.just("transport")),
        "local": mostly(own, NETS),
        "remote": mostly(other, NETS),
        "life": str(draw(st.sampled_from([600, 3600]))),
    }


def swanctl_text(said: Mapping[str, str], here: str, there: str) -> str:
    return f"""connections {{ rig {{
      version = 1
      local_addrs = {here}
      remote_addrs = {there}
      proposals = {said["proposals"]}
      local {{ auth = psk
        id = {said["own"]} }}
      remote {{ auth = psk
        id = {said["other"]} }}
      children {{ net {{
        mode = {said["mode"]}
        local_ts = {said["local"]}
        remote_ts = {said["remote"]}
        esp_proposals = {said["esp"]}
        life_time = {said["life"]}s
      }} }}
    }} }}
    secrets {{ ike {{ secret = {said["psk"]} }} }}"""


@st.composite
def native(draw: Draw, side: int) -> dict[str, Any]:
    """One side of a pair of Windows 2000's."""
    cipher, hash_ = st.sampled_from(["des", "3des"]), st.sampled_from(["md5", "sha1"])
    offers = draw(
        st.lists(st.tuples(cipher, hash_, st.sampled_from([1, 2])), min_size=1, max_size=3)
    )
    esp = st.tuples(st.sampled_from(["des", "3des", "aes128", "null"]), hash_)
    bare = st.tuples(st.sampled_from(["des", "3des"]), st.just(""))
    # ESP, AH, or both together: of a bundle ESP may leave integrity to AH
    offer = st.one_of(
        st.tuples(esp, st.just("")),
        st.tuples(st.none(), hash_),
        st.tuples(st.one_of(esp, bare), hash_),
    )
    quick = draw(st.lists(offer, min_size=1, max_size=3))
    seldom = st.sampled_from([False, False, False, True])
    return {
        "offers": offers,
        "quick": quick,
        "pfs": draw(st.booleans()),
        "master": draw(seldom),
        "psk": "two" if draw(seldom) else "one",
        "protocol": "udp" if draw(seldom) else "tcp",
        "tunnel": draw(seldom),
    }


def quick_offer(said: tuple[tuple[str, str] | None, str]) -> str:
    """An offer of Quick Mode: cipher and integrity of ESP, if it is wanted, and integrity of AH, if it is."""
    esp, ah = said
    lines = ["[[filter_actions.secure.offers]]"]
    if ah:
        lines.append(f'ah = {{ integrity = "{ah}" }}')
    if esp is not None:
        integrity = f', integrity = "{esp[1]}"' if esp[1] else ""
        lines.append(f'esp = {{ encryption = "{esp[0]}"{integrity} }}')
    return "\n".join(lines)


def native_text(said: Mapping[str, Any], here: str, there: str) -> str:
    main = "\n".join(
        f'[[main_mode.offers]]\nencryption = "{c}"\nhash = "{h}"\ngroup = {g}'
        for c, h, g in said["offers"]
    )
    quick = "\n".join(map(quick_offer, said["quick"]))
    tunnel = f'tunnel_endpoint = "{there}"' if said["tunnel"] else ""
    return f"""format = 1
profile = "windows2000"
address = "{here}"
[main_mode]
master_key_pfs = {str(said["master"]).lower()}
{main}
[filter_lists.peer]
filters = [ {{ source = "me", destination = "{there}", protocol = "{said["protocol"]}" }} ]
[filter_actions.secure]
session_key_pfs = {str(said["pfs"]).lower()}
{quick}
[[rules]]
name = "peer"
filter_list = "peer"
filter_action = "secure"
{tunnel}
authentication = [ {{ method = "pre-shared-key", secret = "file:key" }} ]
"""


def agree(one: Peer, other: Peer) -> int:
    """Hold every direction and child against two engines; how many were."""
    from proofs.verify import verify

    hosts = {one.name: A, other.name: B}
    plans = {peer.name: plan_of(peer, hosts[peer.name]) for peer in (one, other)}
    count = 0
    for verdict in verify([one, other], [(one.name, other.name)], TODAY).pairs:
        ends = plans[verdict.initiator.peer], plans[verdict.responder.peer]
        connection = verdict.initiator.connection
        if ends[0] is None or ends[1] is None or connection is None or not decided(verdict):
            continue
        if verdict.phase1.outcome is Outcome.FAILS:
            child = ends[0].settings.connections[0].children[0].name
            done = carry_out(ends[0], ends[1], connection, child)
            reason = verdict.phase1.reason
            assert reason is not None and done.reason1 == reason.value, (verdict.phase1, done)
            count += 1
        for second in verdict.phase2:
            if second.outcome is not Outcome.UNDECIDED:
                done = carry_out(ends[0], ends[1], connection, second.child)
                assert difference(verdict, second, done) == ""
                count += 1
    return count


ALIKE = {
    "proposals": "3des-sha1-modp768",
    "esp": "3des-sha1",
    "own": "a.test",
    "other": "b.test",
    "psk": "one",
    "mode": "tunnel",
    "local": "10.1.0.0/16",
    "remote": "10.2.0.0/16",
    "life": "600",
}
MIRRORED = {
    **ALIKE,
    "own": "b.test",
    "other": "a.test",
    "local": "10.2.0.0/16",
    "remote": "10.1.0.0/16",
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(swanctl(0), swanctl(1))
@example(ALIKE, MIRRORED)
@example(ALIKE, {**MIRRORED, "esp": "aes128-md5, 3des-sha256-modpnone, 3des-sha1-modp768-modpnone"})
def test_r3_r7_r10_r21_two_strongswan_policies_do_what_verify_says(
    one: dict[str, str], other: dict[str, str]
) -> None:
    peers = []
    for name, said, here, there in (("a", one, A, B), ("b", other, B, A)):
        text = swanctl_text(said, here, there)
        peers.append(load(f"{name}.conf", name, DictReader({f"{name}.conf": text.encode()})))
    count = agree(*peers)
    assert count or "transport" in (one["mode"], other["mode"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(native(0), native(1))
def test_r3_r7_r10_r12_two_windows_policies_do_what_verify_says(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    peers = []
    for name, said, here, there in (("a", one, A, B), ("b", other, B, A)):
        files = {
            f"{name}.toml": native_text(said, here, there).encode(),
            "key": said["psk"].encode(),
        }
        peers.append(load(f"{name}.toml", name, DictReader(files)))
    assert agree(*peers) == 2


BUNDLED: dict[str, Any] = {
    "offers": [("3des", "sha1", 2)],
    "quick": [(("3des", ""), "sha1")],
    "pfs": True,
    "master": False,
    "psk": "one",
    "protocol": "tcp",
    "tunnel": False,
}


@pytest.mark.parametrize(
    ("theirs", "outcome"),
    [
        ([(("3des", "sha1"), ""), (("3des", ""), "sha1")], Outcome.ESTABLISHED),
        ([(None, "sha1"), (("3des", "sha1"), "")], Outcome.FAILS),
    ],
)
def test_r7_r10_ah_with_esp_comes_up_where_verify_says_so(
    theirs: list[tuple[tuple[str, str] | None, str]], outcome: Outcome
) -> None:
    """Half of a bundle is not the bundle."""
    from proofs.verify import verify

    peers = []
    for name, said, here, there in (
        ("a", BUNDLED, A, B),
        ("b", {**BUNDLED, "quick": theirs}, B, A),
    ):
        files = {f"{name}.toml": native_text(said, here, there).encode(), "key": b"one"}
        peers.append(load(f"{name}.toml", name, DictReader(files)))
    assert agree(*peers) == 2
    first = verify(peers, [("a", "b")], TODAY).pairs[0]
    assert [item.outcome for item in first.phase2] == [outcome]


def test_r5_the_own_identity_is_not_taken_for_the_peers_and_verify_warns_of_it() -> None:
    """strongSwan does not compare the two, and comes up: the verdict says so, and the finding what we do."""
    peers = []
    for name, said, here, there in (("a", ALIKE, A, B), ("b", MIRRORED, B, A)):
        text = swanctl_text({**said, "own": "c.test", "other": "c.test"}, here, there).encode()
        peers.append(load(f"{name}.conf", name, DictReader({f"{name}.conf": text})))
    ends = [plan_of(peer, host) for peer, host in zip(peers, (A, B), strict=True)]
    assert ends[0] is not None and ends[1] is not None
    assert carry_out(ends[0], ends[1], "rig", "net").reason1 == "identity"
    from proofs.verify import verify

    (first, _) = verify(peers, [("a", "b")], TODAY).pairs
    assert first.phase1.outcome is Outcome.ESTABLISHED
    (found,) = [item for item in first.findings if item.id == "OWN-IDENTITY"]
    assert found.place is not None and (found.place.file, found.place.line) == ("a.conf", 7)
    assert [(item.file, item.line) for item in found.others] == [("b.conf", 7)]
    # who refuses it fails, in the words of the specification too
    strict = [replace(item, profile=replace(CHARON, refuses_own_identity=True)) for item in peers]
    judgement = judge_connection(strict[0], strict[0].connections[0], strict[1], TODAY)
    assert judgement.verdict.phase1.reason is Reason.IDENTITY
    run = witness(judgement, strict[0], strict[1], None)
    assert run is not None and run.agrees


def test_r12_session_key_pfs_takes_the_group_of_phase1() -> None:
    """Windows uses the group that Phase I agreed on again, whichever of its main mode offers that is of."""
    said = {
        "offers": [("3des", "sha1", 2), ("des", "md5", 1)],
        "quick": [(("3des", "sha1"), "")],
        "pfs": True,
        "master": False,
        "psk": "one",
        "protocol": "tcp",
        "tunnel": False,
    }
    peers = []
    for name, changes, here, there in (
        ("a", {}, A, B),
        ("b", {"offers": [("des", "md5", 1)]}, B, A),
    ):
        text = native_text({**said, **changes}, here, there).encode()
        peers.append(load(f"{name}.toml", name, DictReader({f"{name}.toml": text, "key": b"one"})))
    ends = [plan_of(peer, host) for peer, host in zip(peers, (A, B), strict=True)]
    assert ends[0] is not None and ends[1] is not None
    done = carry_out(ends[0], ends[1], "peer", "peer")
    assert done.choice is not None and done.pair is not None
    assert done.choice.group == done.pair.sas[0].choice.group == 1
    from proofs.verify import verify

    first = verify(peers, [("a", "b")], TODAY).pairs[0]
    assert first.phase2[0].outcome is Outcome.ESTABLISHED
    suite = first.phase2[0].suite
    assert suite is not None and suite.pfs_group is Group.MODP_768
