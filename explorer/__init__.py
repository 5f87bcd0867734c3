"""Everything a person touches: command line, reports, and later the terminal UI."""
