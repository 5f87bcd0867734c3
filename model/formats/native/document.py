"""The shape of a native policy: as Windows 2000 has it (policy-formats 3.4), typed by pydantic.

Defaults are Windows'. The JSON Schema that editors use is made from these classes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Duration = Annotated[
    int | str,
    Field(description="Seconds, or a number with s, min, h or d: 3600, '60min', '8h'."),
]


class Table(BaseModel):
    """A table of the file. Unknown keys are reported as findings, not here."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


class Cipher(StrEnum):
    """Ciphers."""

    DES = "des"
    TRIPLE_DES = "3des"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"


class EspCipher(StrEnum):
    """Ciphers of ESP."""

    NULL = "null"
    DES = "des"
    TRIPLE_DES = "3des"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    AES128GCM = "aes128gcm16"
    AES192GCM = "aes192gcm16"
    AES256GCM = "aes256gcm16"


class HashName(StrEnum):
    """Hashes."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class MethodName(StrEnum):
    """Authentication methods."""

    PRE_SHARED_KEY = "pre-shared-key"
    CERTIFICATE = "certificate"
    KERBEROS = "kerberos"


class ActionName(StrEnum):
    """Filter actions."""

    PERMIT = "permit"
    BLOCK = "block"
    NEGOTIATE = "negotiate"


class WhenDeadName(StrEnum):
    """What happens when the peer is dead."""

    CLEAR = "clear"
    RESTART = "restart"


class MainModeOffer(Table):
    """One Phase I offer."""

    encryption: Cipher = Field(strict=False)
    hash: HashName = Field(strict=False)
    group: Annotated[int, Field(description="Diffie-Hellman group number: 1, 2, 5, 14 to 18.")]


class MainMode(Table):
    """Phase I of the whole policy."""

    lifetime: Duration = "480min"
    quick_modes: Annotated[
        int, Field(ge=0, description="Quick Modes per Phase I SA; 0: no limit (qmpermm).")
    ] = 0
    master_key_pfs: Annotated[
        bool, Field(description="A Phase I SA serves one Quick Mode only (mmpfs).")
    ] = False
    offers: Annotated[
        list[MainModeOffer], Field(description="In order of preference; default 3des sha1 2.")
    ] = []
    dpd_delay: Annotated[
        Duration,
        Field(description="Idle time after which R-U-THERE is sent to the peer; 0: never."),
    ] = 0
    dpd_timeout: Annotated[
        Duration | None,
        Field(
            description="Idle time after which the peer is taken for dead; default five times dpd_delay."
        ),
    ] = None


class Filter(Table):
    """Which packets: addresses are `me`, `any`, an address, a subnet or a range."""

    source: str = "me"
    destination: str = "any"
    protocol: Annotated[int | str, Field(description="any, tcp, udp, icmp, or a number.")] = "any"
    source_port: Annotated[int, Field(ge=0, le=65535, description="0: any")] = 0
    destination_port: Annotated[int, Field(ge=0, le=65535, description="0: any")] = 0
    mirrored: Annotated[bool, Field(description="Also packets in the opposite direction.")] = True


class FilterList(Table):
    """A named list of filters."""

    filters: Annotated[list[Filter], Field(min_length=1)]


class Esp(Table):
    """ESP of an offer."""

    encryption: EspCipher = Field(strict=False)
    integrity: HashName | None = Field(default=None, strict=False)


class Ah(Table):
    """AH of an offer."""

    integrity: HashName = Field(strict=False)


class QuickModeOffer(Table):
    """One Phase II offer: ESP, AH, or both together."""

    esp: Esp | None = None
    ah: Ah | None = None
    lifetime: Duration = 3600
    kilobytes: Annotated[int, Field(ge=1, description="Units of 1000 octets.")] = 100_000


class FilterAction(Table):
    """What to do with the packets of a rule."""

    action: ActionName = Field(default=ActionName.NEGOTIATE, strict=False)
    session_key_pfs: Annotated[
        bool, Field(description="A new Diffie-Hellman exchange in each Quick Mode (qmpfs).")
    ] = False
    accept_unsecured: Annotated[
        bool, Field(description="Accept packets in clear, and answer with IPsec (inpass).")
    ] = False
    allow_unsecured: Annotated[
        bool, Field(description="Send in clear when nobody answers: a soft SA (soft).")
    ] = False
    dpd_action: WhenDeadName = Field(
        default=WhenDeadName.CLEAR,
        strict=False,
        description="When the peer is dead: clear, or restart to negotiate again at once.",
    )
    offers: list[QuickModeOffer] = []


class Method(Table):
    """One authentication method of a rule."""

    method: MethodName = Field(strict=False)
    secret: Annotated[
        str | None, Field(description="file:PATH or env:NAME; never the secret itself.")
    ] = None
    principal: Annotated[str | None, Field(description="Local Kerberos principal.")] = None
    peer_principal: Annotated[
        str | None,
        Field(description="Kerberos principal that the peer must have; default: any of the realm."),
    ] = None
    ca: Annotated[str | None, Field(description="File of the trust anchor.")] = None
    certificate: Annotated[str | None, Field(description="File of the local certificate.")] = None
    key: Annotated[
        str | None,
        Field(description="Its private key: file:PATH or env:NAME; never the key itself."),
    ] = None
    least_bits: Annotated[
        int | None,
        Field(
            ge=512,
            le=16384,
            description="Minimum length of RSA keys in the peer's certification path.",
        ),
    ] = None
    hashes: list[Annotated[HashName, Field(strict=False)]] = Field(
        default=[],
        description="Hashes that signatures in the peer's certification path may use.",
    )


class Rule(Table):
    """Filters, what to do with them, and how to authenticate."""

    name: str
    filter_list: str
    filter_action: str
    authentication: Annotated[
        list[Method], Field(description="In order of preference; default Kerberos.")
    ] = []
    tunnel_endpoint: Annotated[
        str | None, Field(description="Address of the other gateway: tunnel mode.")
    ] = None


class NatTable(Table):
    """The NAT in front of the host, if there is one."""

    public: Annotated[str, Field(description="The public address, which the other end sees.")]
    forwarded: Annotated[
        bool, Field(description="The NAT forwards UDP ports 500 and 4500 to the host.")
    ] = False


class Policy(Table):
    """A native ikeproof policy."""

    format: Annotated[int, Field(description="Always 1.", ge=1, le=1)] = 1
    profile: Annotated[str, Field(description="Implementation whose behaviour is assumed.")] = (
        "windows2000"
    )
    address: Annotated[str | None, Field(description="The local address, `me` in filters.")] = None
    nat: NatTable | None = None
    main_mode: MainMode = MainMode()
    filter_lists: dict[str, FilterList] = {}
    filter_actions: dict[str, FilterAction] = {}
    rules: Annotated[list[Rule], Field(min_length=1)]
