"""The implementation: codec, cryptography, authentication, the engine, the daemon, captures."""
