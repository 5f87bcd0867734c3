"""Our own end for each of the rig's configurations: what the engine is told to be strongSwan's peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any

from impl.ike.settings import (
    ChildSettings,
    ConnectionSettings,
    Lifetime,
    Nat,
    Phase1Choice,
    Phase2Choice,
    Settings,
)
from impl.wire.numbers import (
    AhTransform,
    Encapsulation,
    Encryption,
    EspTransform,
    GroupId,
    Hash,
    IdType,
    Integrity,
    Method,
    ProtocolId,
)
from impl.wire.payloads import Identification
from model.vocabulary.policy import AddressPattern
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import OWN_ADDRESS, Selector

#: what the rig's configurations say (their README)
PSK = b"interop-test-psk"
_PSK = Method.PRE_SHARED_KEY
_TUNNEL, _TRANSPORT = Encapsulation.TUNNEL, Encapsulation.TRANSPORT

DES3 = Phase1Choice(Encryption.TRIPLE_DES_CBC, None, Hash.SHA1, _PSK, GroupId.MODP1024)
AES = Phase1Choice(Encryption.AES_CBC, 128, Hash.SHA2_256, _PSK, GroupId.MODP2048)
DES = Phase1Choice(Encryption.DES_CBC, None, Hash.MD5, _PSK, GroupId.MODP768)
ESP_3DES = Phase2Choice(
    ProtocolId.ESP, EspTransform.TRIPLE_DES, None, Integrity.HMAC_SHA1, None, _TUNNEL
)
ESP_AES_PFS = Phase2Choice(
    ProtocolId.ESP,
    EspTransform.AES_CBC,
    128,
    Integrity.HMAC_SHA2_256,
    GroupId.MODP2048,
    _TUNNEL,
)
ESP_DES = Phase2Choice(ProtocolId.ESP, EspTransform.DES, None, Integrity.HMAC_MD5, None, _TUNNEL)
AH_TRANSPORT = Phase2Choice(
    ProtocolId.AH, AhTransform.SHA1, None, Integrity.HMAC_SHA1, None, _TRANSPORT
)
ESP_TRANSPORT = replace(ESP_3DES, encapsulation=_TRANSPORT)


@dataclass(frozen=True, slots=True)
class End:
    """What differs from one configuration to the next; `hosts`: between the addresses themselves."""

    phase1: Phase1Choice = DES3
    phase2: Phase2Choice = ESP_3DES
    hosts: bool = False
    names: bool = False


ENDS: dict[str, End] = {
    "psk-3des-sha1-modp1024": End(),
    "psk-aes128-sha256-modp2048-pfs": End(AES, ESP_AES_PFS, names=True),
    "psk-des-md5-modp768": End(DES, ESP_DES),
    "psk-host-tunnel": End(hosts=True),
    "psk-esp-transport": End(phase2=ESP_TRANSPORT, hosts=True),
    "psk-ah-transport": End(phase2=AH_TRANSPORT, hosts=True),
    "psk-lifetimes": End(),
    "psk-mismatch": End(),
    "cert-rsa-dn": End(
        Phase1Choice(
            Encryption.AES_CBC, 256, Hash.SHA2_512, Method.RSA_SIGNATURES, GroupId.MODP2048
        )
    ),
    "cert-rsa": End(replace(DES3, method=Method.RSA_SIGNATURES), names=True),
    "no-proposal-chosen": End(),
    "quick-no-proposal-chosen": End(),
}


def packets_in(text: str) -> Selector:
    """The packets of a network."""
    network = ip_network(text)
    return Selector(network.network_address, network.broadcast_address)


def _named(name: str) -> Identification:
    return Identification(IdType.FQDN, 0, 0, name.encode())


def settings_for(
    name: str,
    rig: Mapping[str, str],
    connection: Mapping[str, Any] | None = None,
    child: Mapping[str, Any] | None = None,
    engine: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Settings:
    """The engine's settings against that configuration.

    rig   the environment that the rig gives its command
    more  further children: the packets of our end by name
    the others change what the connection, its child, and the engine are told
    """
    end, peer = ENDS[name], ip_address(rig["RIG_PEER_IP"])
    local, remote = (
        (OWN_ADDRESS, OWN_ADDRESS)
        if end.hosts
        else (packets_in(rig["RIG_LOCAL_NET"]), packets_in(rig["RIG_PEER_NET"]))
    )
    net = ChildSettings("net", local, remote, ((end.phase2,),), Lifetime(3600, 3600))
    made = ConnectionSettings(
        name="rig",
        remotes=(AddressPattern(str(peer), peer, peer),),
        choices=(end.phase1,),
        prefers_own=False,
        own=_named(rig["RIG_LOCAL_ID"]) if end.names else None,
        expected=_named(rig["RIG_PEER_ID"]) if end.names else None,
        secret=Secret("rig", None, PSK),
        life=Lifetime(28_800, 28_800),
        children=(replace(net, **(child or {})),),
    )
    further = (replace(net, name=name, local=local) for name, local in (more or {}).items())
    made = replace(made, children=(*made.children, *further), **(connection or {}))
    own = ip_address(rig["RIG_LOCAL_IP"])
    return replace(Settings(own, (made,), interval=1.0, brief=1.0, nat=Nat()), **(engine or {}))
