"""IKE itself, without clock, socket or randomness of its own: Main Mode, Quick Mode, Informational.

settings   what an engine is told         tables      the exchange machines, as data
translate  policies as settings           offers      transforms on the wire, and which one wins
sealing    keys and IVs of one SA         phase1, phase2, notices    what each row of the tables does
timers     what is due when               sadb        all SAs of all peers, in one place
engine     datagrams in, datagrams, events and deadlines out
"""
