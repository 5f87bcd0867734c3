"""The declared refinements, one file a detailed machine. Each says why the composition is sound."""
