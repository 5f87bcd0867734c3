"""Captures: the frames of a file, the datagrams in them, and the conversations that these make up.

files         pcap and pcapng to frames           packets   frames to UDP datagrams
lookalikes    what another file looks like      datagrams what a datagram is
pieces        messages sent in fragments          versions  other versions of IKE
keylog        secrets that open a conversation    secrets   what follows from them
conversation  who says what in which exchange     places    which end, and which message of an exchange
opening       decrypting and verifying it        signers   whose key a signature is by
conclusion    what happened to a conversation       ending    that, as values
trail         the course of its exchanges         phase1_ends, quick_ends   where they stopped, and why
writer        datagrams to pcap

No file is trusted: an error in the file is a `CaptureError`, an error in one frame is reported with its
number. Work and memory are bounded by the size of the file.
"""
