"""The declared refinements, one file a detailed machine. Each says why the composition is sound."""

from proofs.prover.refinements import driver, phase1  # noqa: F401  (they register)
