"""The specification and its runs in the formats of other tools.

promela  one instance, for SPIN          itf  a run, for the viewers of Apalache and Quint
folding  terms of one instance as text
"""
