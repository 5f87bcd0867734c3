"""Changes that bring a pair up: one consistent set for both directions, each tried.

candidates   changes that may fix a failure, by its reason
search       makes them, judges the result, and keeps what works
"""
