"""swanctl.conf in the vocabulary: defaults, keywords, identities, selectors, secrets."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.formats.swanctl import values
from model.formats.swanctl.identities import identity as read_identity
from model.formats.swanctl.settings import Setting
from model.vocabulary.findings import Severity
from model.vocabulary.identities import IdentityKind
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Action, Peer, Strength, WhenDead, WithoutSA
from model.vocabulary.suites import AuthMethod, Exchange, Hash, Mode

PeerOf = Callable[..., Peer]
HEAD = "connections {\n c {\n version = 1\n remote_addrs = 192.0.2.2\n"
AUTH = " local { auth = psk }\n remote { auth = psk }\n"


def conf(more: str = "", child: str = "", auth: str = AUTH, rest: str = "") -> str:
    return f"{HEAD}{more}\n{auth} children {{ net {{ {child} }} }}\n }}\n}}\n{rest}"


def test_defaults_are_charons(peer_of: PeerOf) -> None:
    (connection,) = peer_of("a", conf()).connections
    assert connection.exchange.value is Exchange.MAIN and connection.exchange.is_default
    assert connection.proposals[0].default
    life = connection.life
    assert (life.soft_seconds.value, life.offered_seconds.value) == (14400, 15840)
    (child,) = connection.children
    assert child.mode.value is Mode.TUNNEL
    assert child.proposals[0].default
    assert (child.life.soft_seconds.value, child.life.hard_seconds.value) == (3600, 3960)
    assert child.life.hard_kilobytes.value is None
    assert child.local[0].value.own_address and child.remote[0].value.own_address
    assert child.without_sa.value is WithoutSA.CLEAR and child.inbound_clear.value


@pytest.mark.parametrize(
    ("text", "offered", "hard", "soft"),
    [
        ("rekey_time = 2h", 7920, 7920, 7200),
        ("reauth_time = 1h", 3960, 3960, 3600),
        ("rekey_time = 1h\n reauth_time = 2h", 7920, 4320, 3600),
        ("rekey_time = 10m\n over_time = 30", 630, 630, 600),
        ("rekey_time = 0s\n reauth_time = 0", None, None, None),
    ],
)
def test_phase1_lifetimes(
    peer_of: PeerOf, text: str, offered: int | None, hard: int | None, soft: int | None
) -> None:
    life = peer_of("a", conf(text)).connections[0].life
    assert life.offered_seconds.value == offered
    assert life.hard_seconds.value == hard
    assert life.soft_seconds.value == soft


@pytest.mark.parametrize(
    ("text", "hard", "soft", "kilobytes"),
    [
        ("rekey_time = 1000", 1100, 1000, None),
        ("life_time = 1100", 1100, 1000, None),
        ("rekey_time = 50s\n life_time = 60s", 60, 50, None),
        ("rekey_bytes = 10240\n life_bytes = 20480", 3960, 3600, 20),
        ("rekey_bytes = 1m", 3960, 3600, 1153),
    ],
)
def test_phase2_lifetimes(
    peer_of: PeerOf, text: str, hard: int, soft: int, kilobytes: int | None
) -> None:
    life = peer_of("a", conf(child=f"\n{text}\n")).connections[0].children[0].life
    assert life.hard_seconds.value == hard
    assert life.soft_seconds.value == soft
    assert life.offered_kilobytes.value == kilobytes


def test_a_child_that_expires_before_it_is_replaced_is_reported(peer_of: PeerOf) -> None:
    peer = peer_of("a", conf(child="\nrekey_time = 60\nlife_time = 50\n"))
    assert [item.id for item in peer.findings] == ["LIFE-BEFORE-REKEY"]


@pytest.mark.parametrize(
    ("text", "suite"),
    [
        ("3des-sha1-modp1024", "3des sha1 modp1024"),
        ("des-md5-modp768", "des md5 modp768"),
        ("aes-sha2_256-modp2048", "aes128 sha256 modp2048"),
        ("aes256-sha512-ecp384", "aes256 sha512 ecp384"),
        ("camellia192-sha384-x25519", "camellia192 sha384 curve25519"),
    ],
)
def test_r3_ike_proposals_in_keywords(peer_of: PeerOf, text: str, suite: str) -> None:
    (proposal,) = peer_of("a", conf(f"proposals = {text}")).connections[0].proposals
    kinds = (proposal.ciphers[0], proposal.hashes[0].value, proposal.groups[0].value)
    assert " ".join(map(str, kinds)) == suite
    assert proposal.place == Place("a.conf", 5)


def test_r10_esp_and_ah_proposals_with_pfs(peer_of: PeerOf) -> None:
    text = "\nesp_proposals = aes128gcm16-modp2048-modpnone, aes256-sha256\nah_proposals = sha1\n"
    gcm, cbc, ah = peer_of("a", conf(child=text)).connections[0].children[0].proposals
    assert ah.protections[0].protocol.value == "ah" and not ah.protections[0].ciphers
    assert str(gcm.protections[0].ciphers[0]) == "aes128gcm16" and None in gcm.groups
    assert cbc.groups == ()


FAULTS = {
    "proposals = aes128-sha257-modp2048": "did you mean",
    "proposals = aes128-sha256": "no DH group",
    "proposals = aes128-modp2048": "no hash",
    "version = 3": "version 3 is not a version of IKE",
    "rekey_time = soon": "not a time",
    "aggressive = perhaps": "neither yes nor no",
}


@pytest.mark.parametrize("text", FAULTS)
def test_values_that_make_no_sense_are_errors_with_their_line(peer_of: PeerOf, text: str) -> None:
    with pytest.raises(PolicyError, match=FAULTS[text]) as error:
        peer_of("a", conf(text))
    assert error.value.place == Place("a.conf", 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("esp_proposals = sha256", "no cipher"),
        ("ah_proposals = aes128", "AH proposal"),
        ("mode = tunel", "not a valid value of mode; write tunnel"),
        ("start_action = now", "not a start_action"),
        ("local_ts = x 10.0.0.0/8", "traffic selector"),
        ("local_ts = 10.0.0.0/8[tcp/99999]", "not a port"),
        ("local_ts = 10.0.0.0/8[abc]", "not an IP protocol"),
    ],
)
def test_faults_in_children_are_errors(peer_of: PeerOf, text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        peer_of("a", conf(child=f"\n{text}\n"))


def test_an_unknown_key_is_told_with_the_nearest_known_one(peer_of: PeerOf) -> None:
    for text, known in (
        (conf("propsals = x"), "proposals"),
        (conf(child="local_tss = x"), "local_ts"),
    ):
        with pytest.raises(PolicyError) as error:
            peer_of("a", text)
        assert error.value.mend == f"did you mean {known}?"
    peer_of("a", conf("propsals ="))  # an empty value is as if it were not there


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("remote_addrs = 300.1.2.3", "matches nobody"),
        ("remote_addrs = 192.0.2.1; 192.0.2.2", "matches nobody"),
        ("remote_addrs = 10.0.0.0/99", "is read as 10.0.0.0/32"),
        (f"remote_addrs = 10.0.0.0/1{'0' * 5000}", "is read as 10.0.0.0/32"),
        ("remote_addrs = 192.0.2.010", "is read as 192.0.2.8"),
        ("proposals = aes128-sha256-modp2048-none", "Phase I needs a group"),
        ("proposals = aes128--sha256-modp2048", "a word is missing"),
        ("children { net { local_ts = 10.0.0.0/8; 10.9.0.0/16\n } }", "is read as 10.0.0.0/8"),
        ("children { net { local_ts = 10.0.0.0/x\n } }", "is read as 10.0.0.0/0"),
        ("children { net { local_ts = 10.0.0.0/8[tcp] 10.9.0.0/16\n } }", "ignored"),
        ("children { net { ah_proposals = aes128-sha256\n } }", "AH encrypts nothing"),
        ("children { net { esp_proposals = aes128gcm16-sha256\n } }", "sha256 has no effect"),
    ],
)
def test_what_surely_means_something_else_is_told_at_its_line(
    peer_of: PeerOf, text: str, says: str
) -> None:
    (found,) = (x for x in peer_of("a", conf(text)).findings if x.id != "DUPLICATE-KEY")
    assert (found.id, found.place) == ("VALUE-DOUBT", Place("a.conf", 5))
    assert says in found.what
    several = ";" in text or "] " in text
    assert ("by commas" in found.mend) == several


def test_an_aead_cipher_needs_no_integrity_and_gmac_is_one(peer_of: PeerOf) -> None:
    text = "\nesp_proposals = aes128gcm16-sha256\nah_proposals = sha1-aes256gmac\n"
    esp, ah = peer_of("a", conf(child=text)).connections[0].children[0].proposals
    assert not esp.protections[0].integrities
    assert [x.value for x in ah.protections[0].integrities] == ["sha1", "aes256gmac"]
    assert not ah.protections[0].ciphers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mode = pass\nstart_action = trap", ("SHUNT", "pass in clear")),
        ("mode = drop\nstart_action = trap|start", ("SHUNT", "are dropped")),
        ("mode = drop", ("SHUNT-UNUSED", "is not installed")),
        ("mode = pass\nstart_action = start", ("SHUNT-UNUSED", "is not installed")),
    ],
)
def test_what_becomes_of_packets_that_nothing_is_negotiated_for(
    peer_of: PeerOf, text: str, expected: tuple[str, str]
) -> None:
    (found,) = peer_of("a", conf(child=f"\n{text}\n")).findings
    assert found.id == expected[0] and expected[1] in found.what
    assert found.place == Place("a.conf", 9)


@given(st.text())
def test_any_text_is_an_entry_of_addresses(text: str) -> None:
    """charon takes everything: what is not an address is a name, or stands for nobody."""
    found = values.address_pattern(text)
    assert found.text == text
    for address in (ip_address("192.0.2.1"), ip_address("2001:db8::1")):
        if "nobody" in values.address_doubt(text):
            assert not found.holds(address) and found.single is None


@given(
    st.ip_addresses(), st.integers(0, 200), st.sampled_from(["", "x", "; 10.0.0.0/8", " y", "/3"])
)
def test_after_the_digits_of_a_prefix_nothing_counts(
    address: IPv4Address | IPv6Address, length: int, rest: str
) -> None:
    most = min(length, address.max_prefixlen)
    plain = ip_network(f"{address}/{most}", strict=False)
    found = values.address_pattern(f"{address}/{length}{rest}")
    if not found.anything:
        assert (found.first, found.last) == (plain[0], plain[-1])
    selector = values.selector(f"{address}/{length}{rest}", Setting("", Place("a", 1)))
    assert (selector.first, selector.last) == (plain[0], plain[-1])
    doubt = values.selector_doubt(f"{address}/{length}{rest}")
    assert bool(doubt) == (bool(rest) or most != length)


OTHER = " other {{ version = 2\n remote_addrs = 198.51.100.7\n {}\n }}\n"


@pytest.mark.parametrize(
    "fault",
    [
        "proposals = aes256gcm128-sha384-ecp384-ke1_mlkem1024",
        "children { o { esp_proposals = aes256gcm128-ecp384-ke1_mlkem1024\n } }",
        "children { o { local_ts = 10.0.0.0/8[nothing]\n } }",
        "children { o { mode = tunel\n } }",
        "children { o { copy_dscp = perhaps\n } }",
        "proposal = aes128-sha256-modp2048",
        "lokal { auth = psk\n }",
        "local { auth = Pubkey\n }",
        "local { auth = psk\n round = first\n }",
        "unique = perhaps",
        "rekey_time = 1.5h",
        "keyingtries = %forever",
        "remote { ocsp = never\n }",
    ],
)
def test_a_fault_discards_its_connection_and_no_other(peer_of: PeerOf, fault: str) -> None:
    """As swanctl 5.9.8 does with each of these."""
    text = conf().replace("connections {\n", "connections {\n" + OTHER.format(fault), 1)
    peer = peer_of("a", text)
    assert [item.name for item in peer.connections] == ["c"]
    (gone,) = peer.discarded
    (finding,) = peer.findings
    assert gone.name == "other" and gone.why and gone.place == finding.place
    assert (finding.id, finding.severity) == ("CONNECTION-DISCARDED", Severity.WARNING)
    assert gone.place.line in (4, 5) and finding.mend and gone.why in finding.what


@pytest.mark.parametrize(
    "harmless",
    [
        "aggressive =",
        "unique =",
        "foo =",
        "version = 0x1",
        "local-x { auth = PSK\n }",
        "rekey_time = 4 H",
    ],
)
def test_what_swanctl_takes_discards_nothing(peer_of: PeerOf, harmless: str) -> None:
    peer = peer_of("a", conf(harmless))
    assert len(peer.connections) == 1 and not peer.discarded


def test_numbers_are_read_as_the_daemon_reads_them(peer_of: PeerOf) -> None:
    """strtoul of 5.9.8: octal after 0, hex after 0x."""
    for text, expected in (("010", 8), ("0x10", 16), ("4 h", 14400), ("2M", 120)):
        life = peer_of("a", conf(f"rekey_time = {text}")).connections[0].life
        assert life.soft_seconds.value == expected


@pytest.mark.parametrize(
    ("local", "remote", "method"),
    [
        ("auth = psk", "auth = psk", AuthMethod.PRE_SHARED_KEY),
        ("auth = pubkey", "", AuthMethod.NONE),  # IKEv1 has no default
        ("auth = rsa-2048", "auth = pubkey", AuthMethod.CERTIFICATE),
        ("auth = psk", "auth = pubkey", AuthMethod.NONE),
        ("auth = xauth", "auth = pubkey", AuthMethod.HYBRID),
        ("auth = pubkey", "auth = xauth", AuthMethod.HYBRID_RESPONDER),
    ],
)
def test_r3_the_method_comes_from_both_sides_rounds(
    peer_of: PeerOf, local: str, remote: str, method: AuthMethod
) -> None:
    auth = f" local {{ {local}\n }}\n remote {{ {remote}\n }}\n"
    (connection,) = peer_of("a", conf(auth=auth)).connections
    assert connection.authentications[0].method.value is method


def test_xauth_rounds_are_ordered(peer_of: PeerOf) -> None:
    auth = " local-b { auth = xauth\n round = 2\n }\n local-a { auth = psk\n round = 1\n }\n remote { auth = psk }\n"
    (connection,) = peer_of("a", conf(auth=auth)).connections
    assert connection.authentications[0].method.value is AuthMethod.XAUTH_PRE_SHARED_KEY


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("%any", IdentityKind.ANY, ""),
        ("192.0.2.1", IdentityKind.IPV4, "192.0.2.1"),
        ("2001:DB8::1", IdentityKind.IPV6, "2001:db8::1"),
        ("10.0.0.0/8", IdentityKind.IPV4_RANGE, "10.0.0.0-10.255.255.255"),
        ("Moon.Example.org", IdentityKind.FQDN, "moon.example.org"),
        ("@moon", IdentityKind.FQDN, "moon"),
        ("carol@example.org", IdentityKind.USER_FQDN, "carol@example.org"),
        ("@@carol", IdentityKind.USER_FQDN, "carol"),
        ("@#0aFF", IdentityKind.KEY_ID, "0aff"),
        ("C=CH, O=strongSwan, CN=moon", IdentityKind.DN, "C=CH, O=strongSwan, CN=moon"),
        ("fqdn:10.0.0.1", IdentityKind.FQDN, "10.0.0.1"),
        ("keyid:abc", IdentityKind.KEY_ID, "616263"),
    ],
)
def test_r5_identities_as_charon_reads_them(text: str, kind: IdentityKind, normal: str) -> None:
    identity = read_identity(text)
    assert (identity.kind, identity.text) == (kind, normal)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("10.1.0.1-10.1.0.9", "10.1.0.1-10.1.0.9"),
        ("10.1.0.0/16[tcp/443]", "10.1.0.0/16[6/443]"),
        ("10.1.0.0/16[17/100-200]", "10.1.0.0/16[17/100-200]"),
        ("dynamic[gre]", "own address[47]"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_r21_traffic_selectors(text: str, shown: str) -> None:
    assert str(values.selector(text, Setting(text, Place("a", 1)))) == shown


def test_secrets_are_compared_and_never_shown(peer_of: PeerOf) -> None:
    rest = 'secrets { ike-a { secret = "hunter2"\n id-1 = 192.0.2.1 }\n ike-b { secret = 0x68756e74657232 }\n ike-c { secret = 0saHVudGVyMg== }\n }'
    peer = peer_of("a", conf(rest=rest))
    one, two, three = (item.secret for item in peer.secrets)
    assert one.same_as(two) and one.same_as(three)
    assert peer.secrets[0].owners[0].text == "192.0.2.1"
    assert "hunter" not in repr(peer) and "68756e" not in repr(peer)


SECRETS = (
    # text in the file, the octets that 5.9.8 takes, whether they are probably not what was meant
    ("pass#word", b"pass", True),
    ("pass # word", b"pass", False),
    ('"pass#word"', b"pass#word", False),
    ("pass{word", b"pass{word", False),
    ("a   b", b"a b", True),
    ('a"b"c', b"a b c", True),
    ('"a   b"', b"a   b", False),
    (r'"a\"b\\c"', b'a"b\\c', False),
    ("0x616263", b"abc", False),
    ("0X61:62:63", b"abc", False),
    ("0x16162", b"\x01ab", False),
    ("0x61zz", b"a\0", True),
    ("0sYWJj", b"abc", False),
    ("0SYWJj", b"abc", False),
    ("0saGVsbG8", b"hel", True),
)


@pytest.mark.parametrize(("text", "octets", "cut"), SECRETS)
def test_secrets_as_the_daemon_takes_them(
    peer_of: PeerOf, text: str, octets: bytes, cut: bool
) -> None:
    peer = peer_of("a", conf(rest=f"secrets {{ ike-a {{ secret = {text}\n }} }}"))
    (shared,) = peer.secrets
    assert shared.secret.use(lambda found: found == octets)
    assert [item.id for item in peer.findings] == ["SECRET-CUT"] * cut
    for item in peer.findings:
        assert item.place is not None and item.place.line == 11 and item.what.endswith(shared.cut)
        assert "pass" not in item.what and "61" not in item.what and "aGV" not in item.what


@pytest.mark.parametrize(
    "text", ["secret =", "secret = 0s!!!", 'secret = ""', "secret = #x", "id = a"]
)
def test_a_secret_that_is_empty_is_not_loaded(peer_of: PeerOf, text: str) -> None:
    peer = peer_of("a", conf(rest=f"secrets {{ ike-a {{ {text}\n }} ike-b {{ secret = x\n }} }}"))
    assert [item.secret.label for item in peer.secrets] == ["ike-b"]
    assert [item.id for item in peer.findings] == ["SECRET-MISSING"]


def test_a_kind_of_secret_that_swanctl_does_not_know_is_told(peer_of: PeerOf) -> None:
    peer = peer_of("a", conf(rest="secrets { IKE-a { secret = x\n } eap-b { secret = x\n } }"))
    (finding,) = peer.findings
    assert finding.id == "UNKNOWN-KEY" and "IKE-a" in finding.what and not peer.secrets


def test_pass_and_drop_are_no_negotiation(peer_of: PeerOf) -> None:
    for mode, action in (("pass", Action.PERMIT), ("drop", Action.BLOCK)):
        (child,) = peer_of("a", conf(child=f"\nmode = {mode}\n")).connections[0].children
        assert child.action.value is action


def test_start_action_trap_holds_packets_back(peer_of: PeerOf) -> None:
    (child,) = peer_of("a", conf(child="\nstart_action = trap|start\n")).connections[0].children
    assert child.without_sa.value is WithoutSA.DROPPED and child.starts.value


def test_ikev2_only_is_reported_as_out_of_scope(peer_of: PeerOf) -> None:
    peer = peer_of("a", conf("version = 2"))
    assert "IKEV2-ONLY" in {item.id for item in peer.findings}
    assert peer.connections[0].versions.value == frozenset({2})


def test_a_file_without_connections_is_an_error(peer_of: PeerOf) -> None:
    with pytest.raises(PolicyError, match="no connections"):
        peer_of("a", "secrets { }")


# ---- dead peers
@pytest.mark.parametrize(
    ("text", "delay", "timeout"),
    [
        ("", None, 165),  # not asked; 165 s as charon resends, seen in runs
        ("dpd_delay = 30s", 30, 165),
        ("dpd_delay = 1m\n dpd_timeout = 150s", 60, 150),
        ("dpd_delay = 0\n dpd_timeout = 150", None, 150),
        ("dpd_delay = 10\n dpd_timeout = 0s", 10, 165),
    ],
)
def test_dead_peer_detection(peer_of: PeerOf, text: str, delay: int | None, timeout: int) -> None:
    peer = peer_of("a", conf(text))
    found = peer.connections[0].detection
    assert (found.delay.value, found.timeout.value) == (delay, timeout)
    assert found.delay.is_default is (text == "") and not peer.findings


@pytest.mark.parametrize(
    ("delay", "timeout", "doubtful"), [(6, 2, True), (3, 3, True), (3, 7, False)]
)
def test_a_time_out_that_a_live_peer_cannot_meet_is_told(
    peer_of: PeerOf, delay: int, timeout: int, doubtful: bool
) -> None:
    """strongSwan 5.9.8 with these numbers: the first two ended SAs with a live peer, at the first question."""
    peer = peer_of("a", conf(f"dpd_delay = {delay}s\n dpd_timeout = {timeout}s"))
    assert [item.id for item in peer.findings] == ["DPD-TIMEOUT"] * doubtful
    for item in peer.findings:
        assert item.place is not None and item.place.line == 6 and item.others[0].line == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", WhenDead.CLEAR),
        ("dpd_action = none", WhenDead.CLEAR),
        ("dpd_action = trap", WhenDead.TRAP),
        ("dpd_action = restart", WhenDead.RESTART),
        ("dpd_action = start", WhenDead.RESTART),
    ],
)
def test_what_follows_the_death_of_a_peer(peer_of: PeerOf, text: str, expected: WhenDead) -> None:
    (child,) = peer_of("a", conf(child=text)).connections[0].children
    assert child.when_dead.value is expected and child.when_dead.is_default is (text == "")


def test_an_action_that_nobody_knows_is_refused_with_its_line(peer_of: PeerOf) -> None:
    with pytest.raises(PolicyError, match=r"a\.conf:9: 'hold' is not a dpd_action; write clear"):
        peer_of("a", conf(child="\n dpd_action = hold\n"))


@pytest.mark.parametrize(
    ("auth", "bits", "hashes"),
    [
        ("pubkey", None, None),
        ("rsa-3072", 3072, ()),
        ("rsa-2048-sha256-sha384", 2048, (Hash.SHA2_256, Hash.SHA2_384)),
        ("pubkey-sha512", None, (Hash.SHA2_512,)),
        ("ike:rsa-2048-sha256", None, None),  # of IKE's own signature
    ],
)
def test_r5_auth_may_ask_for_strength(
    peer_of: PeerOf, auth: str, bits: int | None, hashes: tuple[Hash, ...] | None
) -> None:
    text = conf(auth=f" local {{ auth = pubkey }}\n remote {{ auth = {auth}\n }}\n")
    (way,) = peer_of("a", text).connections[0].authentications
    assert way.method.value is AuthMethod.CERTIFICATE and way.own.strength is None
    if hashes is None:
        assert way.other.strength is None
    else:
        assert way.other.strength is not None and way.other.strength.place is not None
        assert way.other.strength.value == Strength(bits, hashes)
