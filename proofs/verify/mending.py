"""How to fix an offer that the other end does not accept, in the syntax of its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.choice import Offer
from model.vocabulary.policy import Phase1Proposal, Phase2Proposal
from model.vocabulary.suites import Cipher, Group, Hash, Integrity, Phase1Suite, Phase2Suite

_KEYS = {"esp": "esp_proposals", "ah": "ah_proposals"}


def phase1_mending(
    format_: str, offers: Sequence[Offer[Phase1Suite]], wanted: Phase1Suite | None, there: str
) -> str:
    """The line to write into the initiator's file; else what to do in words.

    wanted    what the other end would accept; None: nothing that IKEv1 can negotiate
    """
    if wanted is None:
        return f"give {there} a proposal that IKEv1 can negotiate"
    if format_ != "swanctl":
        return f"offer what {there} wants: {wanted}, in a proposal of its own"
    suites = [*(item.suite for item in offers), wanted]
    return f"proposals = {_list(_words(s.encryption, s.hash, s.group) for s in suites)}"


def phase2_mending(
    format_: str, offers: Sequence[Offer[Phase2Suite]], wanted: Phase2Suite | None, there: str
) -> str:
    """The same for Phase II; what the initiator would never offer beside it is left out."""
    if wanted is None:
        return f"give {there} a proposal that IKEv1 can negotiate"
    if format_ != "swanctl" or len(wanted.protections) > 1:
        return f"offer what {there} wants: {wanted}, in a proposal of its own"
    (part,) = wanted.protections
    beside = [
        item.suite
        for item in offers
        if item.suite.pfs_group is wanted.pfs_group
        and item.suite.protections[0].protocol is part.protocol
    ]
    words = [
        _words(s.protections[0].encryption, s.protections[0].integrity, s.pfs_group)
        for s in (*beside, wanted)
    ]
    return f"{_KEYS[part.protocol.value]} = {_list(words)}"


def _words(cipher: Cipher | None, integrity: Hash | Integrity | None, group: Group | None) -> str:
    """A proposal in strongSwan's keywords."""
    parts = [str(cipher).replace("-", "") if cipher else ""]
    parts += [integrity.value.replace("-", "_") if integrity else "", group.value if group else ""]
    return "-".join(filter(None, parts))


def _list(items: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(items))


def phase1_text(proposal: Phase1Proposal) -> str:
    """A Phase I proposal as people write it."""
    if proposal.default:
        return "default"
    kinds = (
        [str(item) for item in proposal.ciphers],
        [item.value for item in proposal.hashes],
        [item.value for item in proposal.groups],
    )
    return " ".join("/".join(kind) for kind in kinds)


def phase2_text(proposal: Phase2Proposal) -> str:
    """A Phase II proposal as people write it."""
    if proposal.default:
        return f"{proposal.protections[0].protocol.name} default"
    parts = []
    for part in proposal.protections:
        kinds = ["/".join(map(str, part.ciphers)), "/".join(i.value for i in part.integrities)]
        kinds.append(
            "/".join("ESN" if x else "no ESN" for x in part.sequences if True in part.sequences)
        )
        parts.append(" ".join([part.protocol.name, *filter(None, kinds)]))
    groups = "/".join(g.value if g else "none" for g in proposal.groups)
    return f"{' + '.join(parts)}, {f'PFS {groups}' if groups else 'no PFS'}"
