"""Words that all layers share. Frozen values only; imports nothing of ours.

suites      algorithms and what a negotiation may agree on
places      where a value was written
secrets     references to secrets that compare but never print
identities  who a peer says it is
selectors   which packets
policy      what a peer is configured to do
profiles    how the peer's implementation behaves where implementations differ
outcomes    the verdict on a pair of peers
findings    what a reader of the verdict should know or fix
"""
