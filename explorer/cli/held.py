"""What an end has besides its policy: private keys, and the sources of Kerberos tickets and keys."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.cli.peers import usage
from explorer.cli.reader import FileReader
from impl.auth.gss import Mit
from impl.auth.keys import SigningKey
from impl.translate import Held
from model.formats.reader import ReadError
from model.vocabulary.secrets import Secret


def held(files: Sequence[str], ccache: str | None, keytab: str | None) -> Held:
    """Keys from the named files, in addition to those that the policy names or that are in swanctl's folders."""
    reader = FileReader()
    return Held(tuple(_named(reader, file) for file in files), Mit(ccache, keytab))


def _named(reader: FileReader, file: str) -> SigningKey:
    try:
        octets = reader.read(file)
    except ReadError as error:
        raise usage(f"cannot read the key {file}: {error}", "check the name") from None
    try:
        return SigningKey.of(Secret(file, None, octets))
    except ValueError as error:
        mend = "name an RSA key in PEM or DER, without a passphrase"
        raise usage(str(error), mend) from None
