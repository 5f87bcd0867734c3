"""Policies in the engine's terms: order by stack, lifetimes, keys, and refusals with their place (R3, R7, R10)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from ipaddress import ip_address
from itertools import product

import pytest

from impl.ike.engine import Engine
from impl.ike.settings import Detection
from impl.translate import Plan, local_addresses, plan
from impl.wire.numbers import IdType, Method
from impl.wire.payloads import Identification
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from tests.impl.translate.test_conformance import ALIKE, A, B, swanctl_text

Load = Callable[..., Peer]
HERE = ip_address(A)
NATIVE = """format = 1
address = "192.0.2.1"
[main_mode]
lifetime = "8h"
quick_modes = 4
[[main_mode.offers]]
encryption = "3des"
hash = "sha1"
group = 2
[[main_mode.offers]]
encryption = "des"
hash = "md5"
group = 1
[filter_lists.peer]
filters = [ { source = "me", destination = "192.0.2.2", protocol = "tcp" } ]
[filter_actions.secure]
allow_unsecured = true
[[filter_actions.secure.offers]]
esp = { encryption = "3des", integrity = "sha1" }
lifetime = "2h"
[[filter_actions.secure.offers]]
ah = { integrity = "md5" }
[[filter_actions.secure.offers]]
esp = { encryption = "des", integrity = "md5" }
[[rules]]
name = "peer"
filter_list = "peer"
filter_action = "secure"
authentication = [ { method = "pre-shared-key", secret = "file:key" } ]
"""


def swanctl(peer_of: Load, **changes: str) -> Peer:
    return peer_of("a", swanctl_text({**ALIKE, **changes}, A, B))


def only(made: Plan) -> tuple[object, ...]:
    (connection,) = made.settings.connections
    return connection.choices


def test_r7_strongswan_offers_the_first_of_each_kind_and_takes_every_combination(
    peer_of: Load,
) -> None:
    made = plan(
        swanctl(peer_of, proposals="aes128-3des-sha1-modp768, des-md5-modp1024-modp768"), HERE
    )
    (connection,) = made.settings.connections
    assert [(c.encryption, c.group) for c in connection.choices] == [(7, 1), (1, 2)]
    assert [{(c.encryption, c.group) for c in rank} for rank in connection.accepted] == [
        {(7, 1), (5, 1)},
        {(1, 2), (1, 1)},
    ]
    assert connection.prefers_own


def test_r7_windows_offers_all_in_order_and_takes_the_initiators_order(peer_of: Load) -> None:
    (connection,) = plan(peer_of("a", NATIVE, "toml", key="k"), HERE).settings.connections
    assert [(c.encryption, c.hash, c.group) for c in connection.choices] == [(5, 2, 2), (1, 1, 1)]
    (child,) = connection.children
    assert [[(c.protocol, c.transform) for c in bundle] for bundle in child.choices] == [
        [(3, 3)],
        [(2, 2)],
        [(3, 2)],
    ]
    assert not connection.prefers_own
    assert connection.expected is None and connection.own is None


def test_r8_r16_r17_limits_lifetimes_and_fall_back_of_a_windows_policy(peer_of: Load) -> None:
    (connection,) = plan(peer_of("a", NATIVE, "toml", key="k"), HERE).settings.connections
    assert connection.limit == 4 and connection.falls_back
    assert (connection.life.offered, connection.life.in_force(3600)) == (28800, 3600)
    life = connection.children[0].life
    assert (life.offered, life.kilobytes) == (7200, 100_000)
    text = NATIVE.replace("quick_modes = 4", "master_key_pfs = true")
    assert plan(peer_of("a", text, "toml", key="k"), HERE).settings.connections[0].limit == 1


def test_r17_strongswans_own_lifetime_counts(peer_of: Load) -> None:
    (connection,) = plan(swanctl(peer_of), HERE).settings.connections
    assert connection.life.in_force(60) == connection.life.hard == 15840
    assert connection.children[0].life.in_force(60) == 600


def test_r5_identities_are_id_payloads(peer_of: Load) -> None:
    kinds = {
        "a.test": (IdType.FQDN, b"a.test"),
        "u@a.test": (IdType.USER_FQDN, b"u@a.test"),
        "192.0.2.7": (IdType.IPV4_ADDR, bytes((192, 0, 2, 7))),
        "keyid:00ff": (IdType.KEY_ID, b"00ff"),
    }
    for text, expected in kinds.items():
        made = plan(swanctl(peer_of, own=text, other=text), HERE).settings.connections[0]
        assert made.own is not None and isinstance(made.expected, Identification)
        assert (made.own.type, made.own.data) == (made.expected.type, made.expected.data)
        assert (made.own.type, made.own.data) == expected


def test_r5_the_key_is_the_one_whose_owners_name_both_ends_best(peer_of: Load) -> None:
    def used(secrets: str) -> bytes:
        text = swanctl_text(ALIKE, A, B).partition("secrets")[0] + f"secrets {{ {secrets} }}"
        secret = plan(peer_of("a", text), HERE).settings.connections[0].secret
        found: list[bytes] = []

        def keep(octets: bytes) -> bool:
            found.append(octets)
            return True

        assert secret is not None and secret.use(keep)
        return found[0]

    anybody = "ike-x { secret = anybody\n}"
    here = "ike-h { id = a.test\nsecret = here\n}"
    there = "ike-t { id = b.test\nsecret = there\n}"
    address = f"ike-a {{ id = {B}\nsecret = address\n}}"
    assert used(anybody + here) == used(here + anybody) == b"anybody"  # the other end goes first
    assert used(there + anybody) == used(anybody + there) == b"there"
    assert used(there + here) == used(here + there) == b"there"
    assert used(anybody + address) == b"anybody"  # identities go before addresses
    assert used(address) == b"address"
    assert used(anybody + "ike-y { secret = last\n}") == b"last"


REFUSED = [
    ({"proposals": "aes128-sha256-ecp256"}, 5, "ecp256"),
    ({"proposals": "camellia128-sha1-modp768"}, 5, "camellia128"),
    ({"proposals": "default"}, 5, "which are not supported"),
    ({"proposals": "aes128-sha256-prfsha1-modp768"}, 5, "prf"),
    ({"esp": "aes128ctr-sha1"}, 14, "aes128ctr"),
    ({"esp": "default"}, 14, "which are not supported"),
    ({"mode": "beet"}, 11, "BEET"),
    ({"local": "10.1.0.0/16, 10.3.0.0/16"}, 12, "2 traffic selectors"),
    ({"local": "10.1.0.0/16[tcp/80-90]"}, 12, "one port or all"),
    ({"mode": "transport"}, 12, "does not contain"),
    ({"other": "a*.test"}, 9, "a wildcard where none is allowed"),
    ({"own": "*.test"}, 7, "a wildcard where none is allowed"),
    ({"own": "CN=*"}, 7, "a wildcard where none is allowed"),
    ({"own": "192.0.2.0/24"}, 7, "cannot be sent"),
]


@pytest.mark.parametrize(("changes", "line", "words"), REFUSED)
def test_what_cannot_be_run_is_refused_with_its_line(
    peer_of: Load, changes: dict[str, str], line: int, words: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        plan(swanctl(peer_of, **changes), HERE)
    assert words in refused.value.problem and refused.value.mend
    assert refused.value.place is not None and refused.value.place.line == line


TEXTS = [
    (("auth = psk", "auth = pubkey"), "names no local certificate"),
    (("version = 1", "version = 1\n aggressive = yes"), "Aggressive Mode"),
    ((f"remote_addrs = {B}", "remote_addrs = vpn.example.test"), "host names are not resolved"),
    (("secret = one", "id = nobody.test\nsecret = one"), "no pre-shared key"),
    (("version = 1", "version = 2"), "no connection of a is for"),
    ((f"local_addrs = {A}", "local_addrs = 192.0.2.9"), "no connection of a is for"),
    (("version = 1", "version = 1\n rekey_time = 99999999999s"), "seconds is longer than an offer"),
    (("life_time = 600s", "life_time = 99999999d"), "seconds is longer than an offer"),
    (("esp_proposals", "life_bytes = 99999999g\nesp_proposals"), "kilobytes is longer than an"),
]


@pytest.mark.parametrize(("change", "words"), TEXTS)
def test_a_connection_that_cannot_be_run_is_refused(
    peer_of: Load, change: tuple[str, str], words: str
) -> None:
    text = swanctl_text(ALIKE, A, B).replace(*change)
    with pytest.raises(PolicyError, match=words):
        plan(peer_of("a", text), HERE)


def test_kerberos_of_a_windows_policy_is_refused_without_a_principal(peer_of: Load) -> None:
    kerberos = NATIVE.replace(
        'method = "pre-shared-key", secret = "file:key"', 'method = "kerberos"'
    )
    with pytest.raises(PolicyError, match=r"a\.toml:\d+: peer uses Kerberos"):
        plan(peer_of("a", kerberos, "toml"), HERE)


def test_r10_ah_and_esp_together_are_a_bundle_that_meets_esp_first(peer_of: Load) -> None:
    text = NATIVE.replace(
        'ah = { integrity = "md5" }', 'ah = { integrity = "md5" }\nesp = { encryption = "des" }'
    ).replace("allow_unsecured = true", "session_key_pfs = true")
    (connection,) = plan(peer_of("a", text, "toml", key="k"), HERE).settings.connections
    (child,) = connection.children
    _, bundle, _ = dict.fromkeys(
        tuple((c.protocol, c.transform, c.integrity) for c in bundle) for bundle in child.choices
    )
    assert bundle == ((3, 2, None), (2, 2, 1))
    for item in (*child.choices, *(bundle for rank in child.accepted for bundle in rank)):
        assert len({(c.group, c.encapsulation) for c in item}) == 1
    assert {item[0].group for item in child.choices} == {1, 2}


def test_connections_that_only_an_identity_tells_apart_are_refused_or_chosen_from(
    peer_of: Load,
) -> None:
    text = swanctl_text(ALIKE, A, B)
    second = text.partition("secrets")[0].replace("connections { rig", "connections { other")
    peer = peer_of("a", text + "\n" + second)
    with pytest.raises(PolicyError, match=r"a\.conf:\d+: rig and other are for the same peers"):
        plan(peer, HERE)
    (connection,) = plan(peer, HERE, ["other"]).settings.connections
    assert connection.name == "other"
    with pytest.raises(PolicyError, match="no connection 'third'"):
        plan(peer, HERE, ["third"])


def test_who_can_be_called_and_who_cannot_is_said(peer_of: Load) -> None:
    made = plan(swanctl(peer_of), HERE)
    assert made.targets == {"rig": ip_address(B)} and not made.mute
    for change, words in (
        ("version = 0", "IKEv2"),
        ("version = 1\nremote_addrs = %any", "address"),
    ):
        text = swanctl_text(ALIKE, A, B).replace("version = 1", change)
        if "%any" in change:
            text = text.replace(f"remote_addrs = {B}", "")
        made = plan(peer_of("a", text), HERE)
        assert not made.targets and words in made.mute["rig"]


def test_packets_that_pass_without_ipsec_are_noted(peer_of: Load) -> None:
    more = 'name = "dns"\nfilter_list = "dns"\nfilter_action = "permit"\n'
    text = NATIVE.replace("[[rules]]", f"[[rules]]\n{more}[[rules]]").replace(
        "[filter_actions.secure]",
        '[filter_lists.dns]\nfilters = [ { destination = "192.0.2.2", protocol = "udp" } ]\n'
        '[filter_actions.permit]\naction = "permit"\n[filter_actions.secure]',
    )
    made = plan(peer_of("a", text, "toml", key="k"), HERE)
    assert [item.name for item in made.settings.connections] == ["peer"]
    assert any("dns passes packets without IPsec" in note for note in made.notes)


def test_own_addresses_are_those_that_the_policy_states(peer_of: Load) -> None:
    assert local_addresses(swanctl(peer_of)) == [HERE]
    text = swanctl_text(ALIKE, A, B).replace(f"local_addrs = {A}", "")
    assert local_addresses(peer_of("a", text)) == []


def test_r3_several_methods_are_offered_in_order_one_transform_each(peer_of: Load) -> None:
    both = NATIVE.replace(
        "authentication = [",
        'authentication = [ { method = "kerberos", principal = "host/a.test@TEST" },',
    )
    made = plan(peer_of("a", both, "toml", key="k"), HERE)
    (connection,) = made.settings.connections
    assert [(c.encryption, c.method) for c in connection.choices] == [
        (5, Method.KERBEROS),
        (5, Method.PRE_SHARED_KEY),
        (1, Method.KERBEROS),
        (1, Method.PRE_SHARED_KEY),
    ]
    assert connection.kerberos is not None and connection.kerberos.name == "host/a.test@TEST"
    assert connection.kerberos.expected is None and connection.secret is not None
    nameless = both.replace(', principal = "host/a.test@TEST"', "")
    with pytest.raises(
        PolicyError, match=r"a\.toml:\d+: peer uses Kerberos, but names no local principal"
    ):
        plan(peer_of("a", nameless, "toml", key="k"), HERE)


def test_r5_a_key_that_cannot_be_read_is_refused_with_its_line(peer_of: Load) -> None:
    with pytest.raises(
        PolicyError, match=r"a\.toml:\d+: the pre-shared key file:key cannot be read"
    ):
        plan(peer_of("a", NATIVE, "toml"), HERE)


def test_more_combinations_than_an_offer_has_room_for_are_refused_with_their_line(
    peer_of: Load,
) -> None:
    ciphers, hashes = ("des", "3des", "aes128", "aes192", "aes256"), ("md5", "sha1", "sha256")
    groups = (1, 2, 5, 14, 15, 16, 17, 18)
    main = "\n".join(
        f'[[main_mode.offers]]\nencryption = "{cipher}"\nhash = "{hash_}"\ngroup = {group}'
        for cipher, hash_, group in product(ciphers, hashes, groups)
    )
    text = NATIVE.replace("[filter_lists.peer]", f"{main}\n[filter_lists.peer]")
    (connection,) = plan(peer_of("a", text, "toml", key="k"), HERE).settings.connections
    assert len(connection.choices) == 120
    quick = "\n".join(
        f'[[filter_actions.secure.offers]]\nah = {{ integrity = "{ah}" }}\n'
        f'esp = {{ encryption = "{cipher}", integrity = "{esp}" }}'
        for cipher, esp, ah in product(ciphers, hashes, hashes)
    )
    many = text.replace("allow_unsecured = true", f"session_key_pfs = true\n{quick}")
    with pytest.raises(PolicyError, match=r"a\.toml:\d+: peer offers \d+ combinations"):
        plan(peer_of("a", many, "toml", key="k"), HERE)


# ---- dead peers
def test_r17_a_dead_peer_is_told_as_the_policy_says(peer_of: Load) -> None:
    def told(lines: str, child: str = "") -> Plan:
        text = swanctl_text(ALIKE, A, B).replace("version = 1", f"version = 1\n{lines}")
        return plan(peer_of("a", text.replace("mode = tunnel", f"mode = tunnel\n{child}")), HERE)

    assert told("").settings.connections[0].detection is None
    made = told("dpd_delay = 30s\ndpd_timeout = 100s", "dpd_action = restart")
    (connection,) = made.settings.connections
    assert connection.detection == Detection(idle=30, every=30, dead=100)
    assert connection.children[0].restarts and not made.notes
    made = told("dpd_delay = 30s\ndpd_timeout = 10s", "dpd_action = trap")
    (connection,) = made.settings.connections
    assert connection.detection == Detection(idle=30, every=30, dead=33)  # one can be answered
    assert not connection.children[0].restarts
    (note,) = made.notes
    assert note.startswith("a.conf:14: after a dead peer net waits for packets")


def test_windows_looks_for_no_dead_peers_and_is_told_to_with_a_note(peer_of: Load) -> None:
    text = NATIVE.replace('lifetime = "8h"', 'lifetime = "8h"\ndpd_delay = 20')
    made = plan(peer_of("a", text, "toml", key="k"), HERE)
    assert made.settings.connections[0].detection == Detection(20, 20, 100)
    assert made.notes == (
        "a.toml:5: peer uses dead peer detection, which windows2000 does not support",
    )


# ---- numbers
NUMBERED = {
    "conf": swanctl_text(ALIKE, A, B)
    .replace(
        "version = 1",
        "version = 1\n dpd_delay = 30s\n dpd_timeout = 150s\n rekey_time = 4h\n over_time = 10m\n"
        " rand_time = 5m",
    )
    .replace("life_time", "life_bytes = 100m\n rekey_bytes = 90m\n rekey_time = 1h\n life_time")
    .replace("/16", "/16[17/500]"),
    "toml": NATIVE.replace("[main_mode]", "[main_mode]\ndpd_delay = 30\ndpd_timeout = '90s'")
    .replace('lifetime = "2h"', 'lifetime = "2h"\nkilobytes = 5000')
    .replace('"tcp"', "17\nsource_port = 500\ndestination_port = 500".replace("\n", ", ")),
}


@pytest.mark.parametrize("kind", NUMBERED)
@pytest.mark.parametrize("size", [5, 10, 12, 18, 40])
def test_whatever_numbers_a_policy_has_it_runs_or_is_refused(
    peer_of: Load, kind: str, size: int
) -> None:
    text, ran = NUMBERED[kind], 0
    assert plan(peer_of("a", text, kind, key="k"), HERE).targets
    for found in re.finditer("[0-9]+", text):
        changed = text[: found.start()] + "9" * size + text[found.end() :]
        try:
            made = plan(peer_of("a", changed, kind, key="k"), HERE)
        except PolicyError as error:
            assert error.mend
            continue
        engine = Engine(made.settings, os.urandom)
        for connection in made.settings.connections:
            target = made.targets.get(connection.name)
            if target is not None:
                engine.start(connection, (str(target), 500), 0.0)
                assert engine.outgoing()
                ran += 1
    assert ran or size > 18
