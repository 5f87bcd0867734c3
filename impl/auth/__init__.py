"""Who the peer is: pre-shared keys, certificates and Kerberos v5, behind one interface (R3, R5, R6).

interface    what a method does in Main Mode, and work that may block      psk, certificate, kerberos  the methods
paths        certification paths, checked step by step      names   identities against certificates
revocation   certificate revocation lists                   gss     what a GSS-API mechanism does; MIT's
patterns     identities that a policy leaves partly open

Nothing here imports the engine. What may block (private keys, certification paths, GSS-API) is returned
as `Work`, to be run where blocking is allowed.
"""
