"""Native TOML policies: structure, defaults, places, faults, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.formats.native import load, schema
from model.vocabulary.identities import ANY_IDENTITY, Identity, IdentityKind
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Action, Peer, WhenDead, WithoutSA
from model.vocabulary.suites import AuthMethod, Mode, Protocol

PeerOf = Callable[..., Peer]
POLICY = """\
address = "192.0.2.1"
[filter_lists.f]
filters = [{ destination = "192.0.2.2", protocol = "tcp", destination_port = 445 }]
[filter_actions.a]
soft = true
[[filter_actions.a.offers]]
esp = { encryption = "3des", integrity = "sha1" }
[[rules]]
name = "r"
filter_list = "f"
filter_action = "a"
authentication = [{ method = "pre-shared-key", secret = "file:key" }]
"""


def test_r3_windows_defaults(peer_of: PeerOf) -> None:
    peer = peer_of("a", POLICY, "toml", key=b"secret\n")
    (connection,) = peer.connections
    assert peer.profile.name == "windows2000"
    (offer,) = connection.proposals
    assert (str(offer.ciphers[0]), offer.hashes[0].value, offer.groups[0].number) == (
        "3des",
        "sha1",
        2,
    )
    assert connection.life.hard_seconds.value == 480 * 60
    assert connection.phase2_limit.value is None
    (child,) = connection.children
    assert (child.life.hard_seconds.value, child.life.hard_kilobytes.value) == (3600, 100_000)
    assert child.mode.value is Mode.TRANSPORT
    assert str(child.remote[0].value) == "192.0.2.2/32[6/445]"
    assert child.local[0].value.own_address


def test_unknown_keys_are_findings_with_line_and_nearest_key(peer_of: PeerOf) -> None:
    (finding,) = peer_of("a", POLICY, "toml", key=b"s").findings
    assert finding.id == "UNKNOWN-KEY" and finding.place is not None
    assert finding.place.line == 5


def test_a_line_end_after_the_secret_does_not_count(peer_of: PeerOf) -> None:
    one = peer_of("a", POLICY, "toml", key=b"secret\n").connections[0]
    two = peer_of("a", POLICY, "toml", key=b"secret").connections[0]
    first, second = one.authentications[0].own.secret, two.authentications[0].own.secret
    assert first is not None and second is not None and first.same_as(second)


def test_a_missing_secret_is_kept_as_missing(peer_of: PeerOf) -> None:
    secret = peer_of("a", POLICY, "toml").connections[0].authentications[0].own.secret
    assert secret is not None and not secret.known and secret.missing


def test_r8_r10_soft_sa_bundles_pfs_and_tunnel(peer_of: PeerOf) -> None:
    text = POLICY.replace("soft = true", "allow_unsecured = true\nsession_key_pfs = true")
    text = text.replace(
        'integrity = "sha1" }\n[[rules]]',
        'integrity = "sha1" }\nah = { integrity = "md5" }\n[[rules]]\ntunnel_endpoint = "192.0.2.9"',
    )
    (child,) = peer_of("a", text, "toml").connections[0].children
    assert child.without_sa.value is WithoutSA.CLEAR_AFTER_SILENCE
    protocols = [part.protocol for part in child.proposals[0].protections]
    assert protocols == [Protocol.AH, Protocol.ESP]
    assert child.proposals[0].groups
    assert child.mode.value is Mode.TUNNEL


def test_permit_and_block_are_no_negotiation(peer_of: PeerOf) -> None:
    for word, action in (("permit", Action.PERMIT), ("block", Action.BLOCK)):
        text = POLICY.replace("soft = true", f'action = "{word}"')
        assert peer_of("a", text, "toml").connections[0].children[0].action.value is action


def test_r3_kerberos_is_windows_default_method(peer_of: PeerOf) -> None:
    text = "\n".join(line for line in POLICY.splitlines() if "authentication" not in line)
    (connection,) = peer_of("a", text, "toml").connections
    assert connection.authentications[0].method.value is AuthMethod.KERBEROS


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('"192.0.2.1"', '"192.0.2.1', 1, "not valid TOML"),
        ('"3des"', '"4des"', 7, "encryption"),
        ('"tcp"', '"tpc"', 3, "unknown protocol"),
        ('"192.0.2.2"', '"192.0.2"', 3, "not an IP address"),
        ('"file:key"', '"hunter2"', 12, "a secret in the policy itself"),
        ('filter_list = "f"', 'filter_list = "g"', 10, "no filter list"),
        ('filter_action = "a"', 'filter_action = "b"', 11, "no filter action"),
        ("soft = true", "allow_unsecured = 3", 5, "bool"),
        ('integrity = "sha1" }', 'integrity = "sha1" }\nlifetime = "soon"', 8, "not a duration"),
        ('name = "r"', "name = 7", 9, "string"),
    ],
)
def test_faults_are_errors_with_their_line(
    peer_of: PeerOf, old: str, new: str, line: int, says: str
) -> None:
    with pytest.raises(PolicyError, match=says) as error:
        peer_of("a", POLICY.replace(old, new), "toml")
    assert error.value.place is not None and error.value.place.line == line
    assert "hunter2" not in str(error.value)


@given(st.text(max_size=120))
def test_any_text_is_a_policy_error(read_files: Callable[..., object], text: str) -> None:
    octets = text.encode("utf-8", "surrogatepass")
    with pytest.raises(PolicyError):
        load("a.toml", "a", read_files({"a.toml": octets}))  # type: ignore[arg-type]


@given(st.data())
def test_a_cut_policy_is_a_peer_or_a_policy_error(
    read_files: Callable[..., object], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(POLICY)))
    try:
        load("a.toml", "a", read_files({"a.toml": POLICY[:cut]}))  # type: ignore[arg-type]
    except PolicyError as error:
        assert error.mend


def test_the_schema_describes_every_table() -> None:
    tree = schema()
    assert {"Rule", "FilterAction", "QuickModeOffer", "MainModeOffer"} <= set(tree["$defs"])
    assert tree["required"] == ["rules"]


def test_the_documented_example_loads(peer_of: PeerOf) -> None:
    document = (Path(__file__).parents[4] / "docs" / "policies.md").read_text()
    example = document.split("```toml\n")[1].split("```")[0]
    peer = peer_of("a", example, "toml")
    assert peer.connections and not peer.findings


# ---- dead peers
def watching(main: str, action: str = "") -> str:
    text = POLICY.replace("soft = true", action or "action = 'negotiate'")
    return text.replace("[filter_lists.f]", f"[main_mode]\n{main}\n[filter_lists.f]")


@pytest.mark.parametrize(
    ("main", "delay", "timeout"),
    [
        ("", None, None),
        ("dpd_delay = 0", None, None),
        ("dpd_delay = '30s'", 30, 150),  # five questions
        ("dpd_delay = 10\ndpd_timeout = '1min'", 10, 60),
    ],
)
def test_dead_peer_detection(
    peer_of: PeerOf, main: str, delay: int | None, timeout: int | None
) -> None:
    (connection,) = peer_of("a", watching(main), "toml", key=b"s").connections
    found = connection.detection
    assert (found.delay.value, found.timeout.value) == (delay, timeout)
    assert connection.children[0].when_dead.value is WhenDead.CLEAR


def test_what_follows_the_death_of_a_peer(peer_of: PeerOf) -> None:
    text = watching("dpd_delay = 30", "dpd_action = 'restart'")
    (child,) = peer_of("a", text, "toml", key=b"s").connections[0].children
    assert child.when_dead.value is WhenDead.RESTART
    assert child.when_dead.place is not None and child.when_dead.place.line == 7


@pytest.mark.parametrize(
    ("main", "words"),
    [
        ("dpd_delay = 30\ndpd_timeout = 30", r"a\.toml:4: dpd_timeout 30 s is not longer than"),
        ("dpd_delay = 'soon'", r"a\.toml:3: 'soon' is not a duration"),
        ("dpd_delay = 30\ndpd_timeout = 0", r"a\.toml:4: 0 is not a duration"),
    ],
)
def test_times_that_make_no_sense_are_refused(peer_of: PeerOf, main: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        peer_of("a", watching(main), "toml", key=b"s")


# ---- Kerberos
def kerberos(rest: str) -> str:
    kept = POLICY.partition("authentication")[0].replace("soft = true", "")
    return f"{kept}authentication = [{{ {rest} }}]\n"


def test_r5_a_policy_may_say_which_principal_the_peer_must_be(peer_of: PeerOf) -> None:
    text = 'method = "kerberos", principal = "a$@X.TEST", peer_principal = "b$@X.TEST"'
    (way,) = peer_of("a", kerberos(text), "toml").connections[0].authentications
    assert way.own.identity.value == Identity(IdentityKind.PRINCIPAL, "a$@X.TEST")
    assert way.other.identity.value == Identity(IdentityKind.PRINCIPAL, "b$@X.TEST")
    assert way.other.identity.place is not None and way.other.identity.place.line == 12
    (way,) = peer_of("a", kerberos('method = "kerberos"'), "toml").connections[0].authentications
    assert way.other.identity.value == ANY_IDENTITY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('method = "kerberos", peer_principal = "b$"', "'b\\$' is not a principal with its realm"),
        (
            'method = "pre-shared-key", secret = "file:k", peer_principal = "b$@X.TEST"',
            "peer_principal with the method pre-shared-key",
        ),
    ],
)
def test_a_principal_that_cannot_be_held_against_anything_is_refused(
    peer_of: PeerOf, text: str, words: str
) -> None:
    with pytest.raises(PolicyError, match=rf"a\.toml:12: {words}"):
        peer_of("a", kerberos(text), "toml")


def test_a_policy_states_the_nat_that_its_host_is_behind(peer_of: PeerOf) -> None:
    nat = '[nat]\npublic = "198.51.100.7"\nforwarded = true\n'
    peer = peer_of(
        "a", POLICY.replace("[filter_lists.f]", nat + "[filter_lists.f]"), "toml", key=b"x"
    )
    assert peer.nat is not None and peer.nat.place is not None
    assert (str(peer.nat.value.public), peer.nat.value.forwarded) == ("198.51.100.7", True)
    assert peer.nat.place.line == 3
    assert peer_of("a", POLICY, "toml", key=b"x").nat is None
    with pytest.raises(PolicyError, match=r"a\.toml:3: .*'nowhere' is not an IP address"):
        peer_of(
            "a", POLICY.replace("[filter_lists.f]", nat.replace("198.51.100.7", "nowhere") + "[filter_lists.f]"),
            "toml", key=b"x",
        )  # fmt: skip
