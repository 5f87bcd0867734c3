"""Proposals in strongSwan's keywords, as in swanctl.conf."""

from __future__ import annotations

from model.vocabulary.policy import Phase1Proposal, Phase2Proposal
from model.vocabulary.suites import Cipher, Group, Hash, Integrity, Phase1Suite, Phase2Suite


def phase1_line(suite: Phase1Suite) -> str:
    """One transform of Phase I."""
    return _joined(_cipher(suite.encryption), suite.hash.value, suite.group.value)


def phase2_line(suite: Phase2Suite) -> str:
    """One transform of Phase II, of one protocol."""
    part = suite.protections[0]
    esn = "esn" if part.esn else ""
    return _joined(
        _cipher(part.encryption), _integrity(part.integrity), _group(suite.pfs_group), esn
    )


def phase1_words(proposal: Phase1Proposal) -> str:
    """A whole proposal of Phase I, with all its alternatives."""
    return _joined(
        *map(_cipher, proposal.ciphers),
        *(item.value for item in proposal.hashes),
        *(f"prf{item.value}" for item in proposal.prfs),
        *(item.value for item in proposal.groups),
        proposal.unusable,
    )


def phase2_words(proposal: Phase2Proposal) -> str:
    """A whole proposal of Phase II, of one protocol."""
    part = proposal.protections[0]
    groups = [item.value if item else "modpnone" for item in proposal.groups]
    sequences = [
        "esn" if item else "noesn" for item in part.sequences if part.sequences != (False,)
    ]
    return _joined(
        *map(_cipher, part.ciphers), *map(_integrity, part.integrities), *groups, *sequences
    )


def _cipher(cipher: Cipher | None) -> str:
    return str(cipher).replace("-", "") if cipher else ""


def _integrity(integrity: Integrity | Hash | None) -> str:
    return integrity.value.replace("-", "_") if integrity else ""


def _group(group: Group | None) -> str:
    return group.value if group else ""


def _joined(*parts: str) -> str:
    return "-".join(filter(None, parts))
