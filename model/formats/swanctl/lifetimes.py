"""Lifetimes and dead peer detection as charon computes them (policy-formats 3.1 and 4; 5.9.8, seen in runs)."""

from __future__ import annotations

from model.formats.swanctl import values
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import DeadPeerDetection, Life

IKE_REKEY = 4 * 3600
CHILD_REKEY = 3600
#: without dpd_timeout, or with 0: the time-out of a resent message by charon's defaults (4 s x 1.8^n)
DPD_TIMEOUT = 165


def _time(section: Section, key: str) -> tuple[int | None, Place | None]:
    setting: Setting | None = section.values.get(key)
    return (values.seconds(setting), setting.place) if setting and setting.text else (None, None)


def phase1_life(section: Section) -> tuple[Life, list[Finding]]:
    """Of an IKE_SA. In IKEv1 rekey_time and reauth_time mean the same: reauthentication."""
    rekey, rekey_at = _time(section, "rekey_time")
    reauth, reauth_at = _time(section, "reauth_time")
    over, over_at = _time(section, "over_time")
    findings = []
    if rekey is None and reauth is not None:
        findings.append(
            Finding(
                "REAUTH-ONLY",
                Severity.NOTE,
                reauth_at,
                "reauth_time alone turns rekey_time off",
                "in IKEv1 both mean the same; set rekey_time too if IKEv2 peers use the connection",
            )
        )
    if rekey is None:
        rekey = IKE_REKEY if reauth is None else 0
    reauth = reauth or 0
    place = reauth_at or rekey_at or over_at
    over = over if over is not None else max(rekey, reauth) // 10
    soft = min(item for item in (rekey, reauth) if item) if rekey or reauth else None
    offered = (reauth or rekey) + over if soft is not None else None
    hard = soft + over if soft is not None else None
    jitter, _ = _time(section, "rand_time")
    return Life(
        offered_seconds=Stated(offered, place),
        hard_seconds=Stated(hard, place),
        soft_seconds=Stated(soft, place),
        offered_kilobytes=Stated(None),
        hard_kilobytes=Stated(None),
        jitter_seconds=over if jitter is None else jitter,
    ), findings


def phase2_life(section: Section) -> tuple[Life, list[Finding]]:
    """Of a CHILD_SA: what is offered is its hard limit, in seconds and in units of 1000 octets."""
    rekey, rekey_at = _time(section, "rekey_time")
    life, life_at = _time(section, "life_time")
    findings = []
    if rekey is None:
        rekey = CHILD_REKEY if life is None else life * 10 // 11
    elif life is not None and rekey and life <= rekey:
        findings.append(
            Finding(
                "LIFE-BEFORE-REKEY",
                Severity.WARNING,
                life_at,
                f"life_time {life} s is not longer than rekey_time {rekey} s: the SA expires before "
                "it is rekeyed, and packets are lost until then",
                "make life_time longer than rekey_time",
                (rekey_at,) if rekey_at else (),
            )
        )
    if life is None:
        life = rekey + rekey // 10
    octets_at: Place | None = None
    octets = _octets(section, "life_bytes")
    rekey_octets = _octets(section, "rekey_bytes")
    for key in ("life_bytes", "rekey_bytes"):
        if octets_at is None and key in section.values:
            octets_at = section.values[key].place
    if octets is None and rekey_octets:
        octets = rekey_octets + rekey_octets // 10
    kilobytes = octets // 1000 if octets else None
    place = life_at or rekey_at
    jitter, _ = _time(section, "rand_time")
    return Life(
        offered_seconds=Stated(life or None, place),
        hard_seconds=Stated(life or None, place),
        soft_seconds=Stated(rekey or None, rekey_at or life_at),
        offered_kilobytes=Stated(kilobytes, octets_at),
        hard_kilobytes=Stated(kilobytes, octets_at),
        jitter_seconds=max(0, life - rekey) if jitter is None else jitter,
    ), findings


def _octets(section: Section, key: str) -> int | None:
    setting = section.values.get(key)
    return values.octets(setting) if setting and setting.text else None


def detection(section: Section) -> tuple[DeadPeerDetection, list[Finding]]:
    """How a dead peer is detected. charon counts the time-out from the peer's last packet, and checks it
    when it sends R-U-THERE: if it is not longer than the delay, every idle SA is deleted."""
    delay, delay_at = _time(section, "dpd_delay")
    timeout, timeout_at = _time(section, "dpd_timeout")
    findings = []
    if delay and timeout and timeout <= delay:
        findings.append(
            Finding(
                "DPD-TIMEOUT",
                Severity.WARNING,
                timeout_at,
                f"dpd_timeout {timeout} s is not longer than dpd_delay {delay} s: a peer that is idle "
                "for so long is taken for dead before it can answer",
                "make dpd_timeout several times dpd_delay",
                (delay_at,) if delay_at else (),
            )
        )
    found = DeadPeerDetection(
        Stated(delay or None, delay_at), Stated(timeout or DPD_TIMEOUT, timeout_at)
    )
    return found, findings
