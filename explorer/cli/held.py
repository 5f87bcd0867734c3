"""What an end has beside its policy: private keys, and where Kerberos has its tickets and keys from."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from explorer.cli.peers import usage
from explorer.cli.reader import FileReader
from impl.auth.gss import Mit
from impl.auth.keys import SigningKey
from impl.translate import Held
from model.formats.reader import ReadError
from model.vocabulary.policy import Peer
from model.vocabulary.secrets import Secret

#: where swanctl has private keys, beside the file
_FOLDERS = ("private", "rsa", "pkcs8")


def held(peer: Peer, files: Sequence[str], ccache: str | None, keytab: str | None) -> Held:
    """Keys from the files that are named, and from swanctl's folders beside its file; of those folders,
    what is no RSA key that can be read is left, as no connection may need it."""
    reader = FileReader()
    keys = [_named(reader, file) for file in files]
    if peer.format == "swanctl":
        for folder in _FOLDERS:
            pattern = posixpath.join(posixpath.dirname(peer.files[0]), folder, "*")
            keys += [key for path in reader.glob(pattern) if (key := _found(reader, path))]
    return Held(tuple(keys), Mit(ccache, keytab))


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


def _found(reader: FileReader, path: str) -> SigningKey | None:
    try:
        return SigningKey.of(Secret(path, None, reader.read(path)))
    except (ReadError, ValueError):
        return None
