"""The explorer without a screen.

moments    moments, events, acts: the words of a session     tree     what was tried, and the cursor
sources    what it explores: specified (the specification, free or along a run), captured
network    copies in flight, rules     ends, verdicts, times     how the ends stand, in words
why        the guard that refuses, and who wrote what it reads     kept     promises at every node
answers    questions with their answers     heard     the messages that an act waits for
compare    two branches, aligned     packet     a message as octets     offers     an offer beside a policy
session    all of it behind one class     commands     the registry, and scripts     scenarios     what ships
"""
