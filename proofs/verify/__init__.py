"""Judges whether a pair of policies comes up in each direction: the suite, or why not, and further findings.

addresses, meeting, links        who calls whom, and which connection answers
identities, secrets, certificates, paths    what decides between credentials
phase1, authentication, phase2   the verdict of each phase      bounds      overlap and exposure, closed form
judging      one connection, both phases        pairs       every link in both directions
rules, catalogue the findings    mends       changes that were tried
instance, witness   the run that shows a verdict

Loads neither z3 nor any user interface; `cryptography` only for certificates.
"""

from __future__ import annotations

from proofs.verify.judging import Judgement, judge_connection
from proofs.verify.links import facing, links_judged
from proofs.verify.pairs import verify

__all__ = ["Judgement", "facing", "judge_connection", "links_judged", "verify"]
