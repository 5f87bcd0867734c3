"""Text of a configuration -> vocabulary. One package or module a format; none opens a file itself."""
