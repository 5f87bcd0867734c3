"""Files of other formats are recognised, and none of ours is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from model.formats import load
from model.formats.detect import looks_like
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from tests.conftest import DATA, DictReader

FILES: list[tuple[str, str | bytes, str]] = [
    (
        "ipsec.conf",
        "config setup\n  uniqueids=no\nconn net\n  left=192.0.2.1\n  auto=add\n",
        "an ipsec.conf",
    ),
    ("ipsec.secrets", '192.0.2.1 192.0.2.2 : PSK "s"\n', "an ipsec.secrets"),
    (
        "racoon.conf",
        "remote 192.0.2.2 {\n exchange_mode main;\n}\nsainfo anonymous { }\n",
        "a racoon.conf",
    ),
    (
        "setkey.conf",
        "spdflush;\nspdadd 10.1.0.0/16 10.2.0.0/16 any -P out ipsec\n",
        "a script for setkey",
    ),
    ("ios", "hostname r1\ncrypto isakmp policy 10\n encr aes 256\n", "Cisco"),
    ("asa", "tunnel-group 192.0.2.2 type ipsec-l2l\n", "Cisco"),
    ("junos", "set security ike proposal p authentication-method pre-shared-keys\n", "JunOS"),
    ("junos2", "security {\n    ike {\n        proposal p;\n    }\n}\n", "JunOS"),
    ("rsc", "/ip ipsec peer\nadd address=192.0.2.2/32 name=b\n", "MikroTik"),
    ("pfsense.xml", '<?xml version="1.0"?>\n<pfsense>\n<ipsec/></pfsense>\n', "pfSense"),
    ("opnsense.xml", '<?xml version="1.0"?>\n<opnsense>\n</opnsense>\n', "OPNsense"),
    ("other.xml", '<?xml version="1.0"?>\n<a/>\n', "an XML file"),
    ("vyos", "set vpn ipsec esp-group E lifetime 3600\n", "VyOS"),
    ("netsh.txt", "ipsec static add policy name=p mmpfs=yes\n", "netsh"),
    ("ps.json", '[\n {"Name": "rule"}]\n', "a JSON file"),
    ("strongswan.conf", "charon {\n load_modular = yes\n}\n", "a strongswan.conf"),
    ("log", "Nov 24 10:00:01 gw charon[1]: 05[IKE] initiating Main Mode\n", "a log of strongSwan"),
    ("syslog", "Nov 24 10:00:01 gw pluto[1]: initiating\n", "a log"),
    ("cert.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "a PEM file"),
    ("x.pcap", b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "a packet capture"),
    ("x.pcapng", b"\x0a\x0d\x0d\x0a\0\0", "a packet capture"),
    ("x.gz", b"\x1f\x8b\x08\0", "a compressed file"),
    ("x.bin", b"\x7fELF\0\0", "a binary file"),
    ("cert.der", b"\x30\x82\x03\x01\xff\xfe" * 20, "a binary file"),
    ("windows.txt", "connections { }".encode("utf-16"), "UTF-16"),
    ("policy.txt", 'format = 1\nprofile = "windows2000"\n', "a native policy"),
]


@pytest.mark.parametrize(("name", "text", "says"), FILES)
def test_a_file_of_another_format_is_told(name: str, text: str | bytes, says: str) -> None:
    octets = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyError, match=f"looks like .*{says}") as error:
        load(name, "a", DictReader({name: octets}))
    assert error.value.place is not None and error.value.mend


def test_none_of_our_files_looks_like_another(peer_of: Callable[..., Peer]) -> None:
    files = list((DATA / "swanctl").glob("*.conf"))
    assert files and all(looks_like(Path(item).read_bytes()) is None for item in files)


def test_a_mistake_in_a_swanctl_conf_is_told_as_it_is(peer_of: Callable[..., Peer]) -> None:
    with pytest.raises(PolicyError, match=r"a\.conf:2: .*neither a value nor a section"):
        peer_of("a", "connections { a {\n version 1\n } }\ncharon { }\n")
