"""IKE itself, without clock, socket or randomness of its own: Main Mode, Quick Mode, Informational.

settings   what an engine is told         tables      the exchange machines, as data
offers     transforms on the wire, and which one wins     clients   sets of packets as ID payloads
sealing    keys and IVs of one SA         phase1, phase2, notices   what each row of the tables does
methods    impl.auth's, by the suite      steps       a row that has something done elsewhere
vendors    what each end says it can do   natt        NAT traversal           cookies  the local ones
timers     what is due when               sadb        all SAs of all peers, in one place
exchanges  how exchanges begin, go on and end             times     the same, in their time
engine     datagrams in, datagrams, events, steps and deadlines out

Not in here yet: Aggressive Mode, and settings made from a policy.
"""
