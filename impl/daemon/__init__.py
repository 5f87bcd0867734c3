"""IKE on real sockets: the engine with a clock, randomness, UDP ports and a control socket (R9, R18, R22).

sockets   one local address: an engine and its two ports   daemon    all of them, from start to the last Delete
control   the control socket        words, told    values and events as JSON, never with keys
status    what there is             keyfile        the key log, where one is asked for
"""
