"""Every key that swanctl 5.9.8 knows, so that the others can be reported (swanctl.opt)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from model.formats.swanctl.settings import Section
from model.vocabulary.findings import Finding, Severity

CONNECTION = frozenset(
    "version local_addrs remote_addrs local_port remote_port proposals vips aggressive pull dscp "
    "encap mobike dpd_delay dpd_timeout fragmentation childless send_certreq send_cert ppk_id "
    "ppk_required keyingtries unique reauth_time rekey_time over_time rand_time pools if_id_in "
    "if_id_out mediation mediated_by mediation_peer".split()
)
AUTHENTICATION = frozenset(
    "round certs auth id eap_id aaa_id xauth_id cert_policy groups cacerts pubkeys ca_id revocation "
    "ocsp".split()
)
CERTIFICATE = frozenset("file handle slot module".split())
CHILD = frozenset(
    "ah_proposals esp_proposals sha256_96 local_ts remote_ts rekey_time life_time rand_time "
    "rekey_bytes life_bytes rand_bytes rekey_packets life_packets rand_packets updown hostaccess "
    "mode policies policies_fwd_out dpd_action ipcomp inactivity reqid priority interface mark_in "
    "mark_in_sa mark_out set_mark_in set_mark_out if_id_in if_id_out label label_mode tfc_padding "
    "replay_window hw_offload start_action close_action copy_df copy_ecn copy_dscp".split()
)
TOP = frozenset("connections secrets pools authorities".split())
AUTH_SECTION = re.compile(r"(local|remote)([-_0-9].*)?")
CERT_SECTION = re.compile(r"(ca)?cert.*")


def unknown(section: Section, known: frozenset[str], what: str) -> Iterator[Finding]:
    """A finding for each value of a section that swanctl does not know."""
    for name, setting in section.values.items():
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            yield Finding(
                "UNKNOWN-KEY",
                Severity.ERROR,
                setting.place,
                f"{name} is no option of a {what}: swanctl discards the connection; here the line counts as absent",
                f"did you mean {near[0]}?" if near else "remove the line",
            )


def unknown_sections(section: Section, known: frozenset[str], what: str) -> Iterator[Finding]:
    """A finding for each subsection that swanctl does not know."""
    for name, child in section.sections.items():
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            yield Finding(
                "UNKNOWN-KEY",
                Severity.ERROR if what == "connection" else Severity.WARNING,
                child.place,
                f"{name} is no section of a {what}",
                f"did you mean {near[0]}?" if near else "remove the section",
            )
