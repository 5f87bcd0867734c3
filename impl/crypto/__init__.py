"""What IKE computes: pure functions over octets, no state and no randomness of its own (RFC 2409 section 5).

hashes    the negotiated hash and its prf         groups   Diffie-Hellman, MODP 1, 2, 5, 14 to 18
schedule  SKEYID and what is derived from it      ciphers  CBC for messages, and weak keys
"""
