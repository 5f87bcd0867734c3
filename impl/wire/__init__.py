"""The ISAKMP codec: octets to values and back, without keys, clocks or sockets (RFC 2407, 2408, 2409).

numbers    the assigned numbers     payloads   one value a payload type
proposals  the SA payload           message    header, payload chain, whole messages

Numbers that nobody knows survive a round trip. What a hash covers, the bodies of SA and ID payloads, is
kept octet for octet. Errors say where and why (`WireError`); nothing here loops on its input, recurses
into it without bound, or allocates more than it.
"""
