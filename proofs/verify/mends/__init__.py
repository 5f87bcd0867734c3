"""What to write so that a pair comes up: one consistent set of changes for both directions, tried out.

candidates   changes that may mend a failure, by its reason
search       makes them, judges the result, and keeps what works
"""
