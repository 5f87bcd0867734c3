"""Everything that users see: the command line and reports."""
