"""The implementation that really negotiates and protects packets (comes with issue 4)."""
