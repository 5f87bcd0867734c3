"""Captures: frames of a file, the datagrams in them, and the conversations those make, seen from outside.

files         pcap and pcapng to frames           packets   frames to UDP datagrams
datagrams     what a datagram is                  writer    datagrams to pcap
keylog        secrets that open a conversation    secrets   what follows from them
conversation  who says what in which exchange     opening   deciphering and verifying it
signers       whose key a signature is by

Nothing of a file is believed: what is wrong with it is a `CaptureError`, what is wrong with one frame is
said beside its number. Work and memory are bounded by the file.
"""
