"""A network with a clock of its own, for engines in one process: seeded, so that a run can be had again."""
