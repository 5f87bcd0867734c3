"""Certificates, keys and revocation lists that a swanctl.conf names, or that stand beside it.

What swanctl and charon 5.9.8 make of each was measured: a file that is there, but is not what it is named
as, discards the connection or, in an authority, ends the load. One that is not there may be missing here
only: what depends on it is left open.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial

from model.formats.pem import first_block, list_octets
from model.formats.reader import Reader, ReadError
from model.formats.swanctl import keys, values
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import CertificateFile
from model.vocabulary.secrets import Secret
from model.vocabulary.x509 import is_authority, is_certificate, is_public_key

_TOKEN = "the certificate {handle} is on a token, which ikeproof does not read"
_STOPS = "swanctl does not load {name}, stops there, and loads no connection"


class Files:
    """What is read of one file tree; `folder` is where swanctl looks for x509/, x509ca/ and the others."""

    def __init__(self, folder: str, reader: Reader) -> None:
        self._folder, self._reader = folder, reader

    # ---- of a local or remote section; PolicyError: charon discards the connection
    def certificates(self, section: Section) -> list[CertificateFile]:
        """Of `certs`, then of the sections `cert...`."""
        return [*self._listed(section, "certs", "x509"), *self._sections(section, "cert")]

    def anchors(self, section: Section) -> list[CertificateFile]:
        """Of `cacerts`, then of the sections `cacert...`."""
        return [*self._listed(section, "cacerts", "x509ca"), *self._sections(section, "cacert")]

    def public_keys(self, section: Section) -> list[CertificateFile]:
        """Of `pubkeys`: public keys with their algorithm."""
        found = []
        setting = section.values.get("pubkeys")
        for name in values.words(setting) if setting else []:
            assert setting is not None
            path = self._path(name, "pubkey")
            try:
                octets = first_block(self._reader.read(path))
            except ReadError as error:
                problem = f"cannot read {path}: {error}"
                raise PolicyError(problem, place=setting.place, mend="put the file there") from None
            if octets is None or is_certificate(octets):
                raise PolicyError(
                    f"{path} is not a public key",
                    place=setting.place,
                    mend="name a public key, or use certs for a certificate",
                )
            known = is_public_key(octets)
            why = None if known else f"{path} is a key of a kind that ikeproof does not read"
            found.append(CertificateFile(name, setting.place, octets if known else None, why))
        return found

    def _listed(self, section: Section, key: str, folder: str) -> Iterator[CertificateFile]:
        setting = section.values.get(key)
        for name in values.words(setting) if setting else []:
            assert setting is not None
            yield self._certificate(name, folder, setting.place)

    def _sections(self, section: Section, prefix: str) -> Iterator[CertificateFile]:
        for name, item in section.sections.items():
            if not name.lower().startswith(prefix):
                continue
            file, handle = _given(item, "file"), _given(item, "handle")
            if file is not None and handle is not None:
                raise PolicyError(
                    f"{name} has both a file and a handle", place=handle.place, mend="remove one"
                )
            if handle is not None:
                missing = _TOKEN.format(handle=handle.text)
                yield CertificateFile(name, handle.place, None, missing)
            elif file is not None:
                yield self._certificate(_absolute(name, file, f"{prefix}s"), "", file.place)
            else:
                raise PolicyError(
                    f"{name} has neither a file nor a handle",
                    place=item.place,
                    mend="add file = /PATH/OF/CERTIFICATE, or remove the section",
                )

    # ---- of files
    def _path(self, name: str, folder: str) -> str:
        return name if posixpath.isabs(name) else posixpath.join(self._folder, folder, name)

    def _certificate(self, name: str, folder: str, place: Place) -> CertificateFile:
        """A certificate that is named. PolicyError: the file is there, and is none."""
        found = self._read(name, self._path(name, folder), place)
        if found.missing is not None and found.missing.endswith(_NONE):
            raise PolicyError(found.missing, place=place, mend="name a certificate in PEM or DER")
        return found

    def _read(self, name: str, path: str, place: Place) -> CertificateFile:
        try:
            octets = self._reader.read(path)
        except ReadError as error:
            return CertificateFile(name, place, None, f"cannot read {path}: {error}")
        der = first_block(octets)
        if der is None or not is_certificate(der):
            return CertificateFile(name, place, None, path + _NONE)
        return CertificateFile(name, place, der)

    def _octets(self, path: str) -> bytes | None:
        try:
            return self._reader.read(path)
        except ReadError:
            return None

    # ---- beside the file
    def folder(self, name: str, place: Place | None) -> list[CertificateFile]:
        """Every certificate in a folder beside the file, as swanctl loads them: what is none, it skips."""
        if place is None:
            return []
        paths = self._reader.glob(posixpath.join(self._folder, name, "*"))
        found = [self._read(posixpath.basename(path), path, place) for path in paths]
        return [item for item in found if item.der is not None]

    def raw_keys(self, place: Place) -> Iterator[CertificateFile]:
        """The public keys beside the file, as swanctl loads them: what is none, it skips."""
        for path in self._reader.glob(posixpath.join(self._folder, "pubkey", "*")):
            der = first_block(self._octets(path) or b"")
            if der is not None and is_public_key(der) and not is_certificate(der):
                yield CertificateFile(posixpath.basename(path), place, der)

    def keys(self, place: Place) -> Iterator[Secret]:
        """The private keys beside the file, as swanctl loads them; read only by who uses them."""
        for folder in ("private", "rsa", "pkcs8"):
            for path in self._reader.glob(posixpath.join(self._folder, folder, "*")):
                label = f"file:{folder}/{posixpath.basename(path)}"
                yield Secret.later(label, place, partial(self._octets, path))

    def lists(self, place: Place) -> Iterator[CertificateFile]:
        """The revocation lists beside the file."""
        for path in self._reader.glob(posixpath.join(self._folder, "x509crl", "*")):
            octets = self._octets(path)
            der = list_octets(octets) if octets is not None else None
            fault = None if der else f"{path} is not a readable revocation list"
            yield CertificateFile(posixpath.basename(path), place, der, fault)

    # ---- authorities
    def authorities(self, section: Section) -> Iterator[CertificateFile]:
        """The trust anchors that the section `authorities` names. PolicyError: one is wrong; swanctl then
        stops before the connections."""
        for name, item in section.sections.items():
            try:
                yield self._authority(name, item)
            except PolicyError as error:
                raise PolicyError(
                    f"{error.problem}: {_STOPS.format(name=name)}",
                    place=error.place or item.place,
                    mend=error.mend,
                ) from None

    def _authority(self, name: str, item: Section) -> CertificateFile:
        """`cacert` counts before `file`, and that before `handle`, whatever these say."""
        keys.check(item, "authority")
        cacert, file, handle = (_given(item, key) for key in ("cacert", "file", "handle"))
        if cacert is None and file is None and handle is not None:
            return CertificateFile(name, handle.place, None, _TOKEN.format(handle=handle.text))
        setting = cacert or file
        if setting is None:
            raise PolicyError(
                f"the authority {name} names no certificate",
                place=item.place,
                mend="add cacert = FILE, or remove the authority",
            )
        text = setting.text if cacert is not None else _absolute(name, setting, "cacert")
        found = self._read(text, self._path(text, "x509ca"), setting.place)
        if found.der is None:
            raise PolicyError(
                found.missing or "",
                place=setting.place,
                mend="put the file there, or remove the authority",
            )
        if not is_authority(found.der):
            raise PolicyError(
                f"{text} is not the certificate of an authority",
                place=setting.place,
                mend="name a certificate with CA:TRUE in its basic constraints",
            )
        return found


_NONE = " is not a certificate"


def _given(section: Section, key: str) -> Setting | None:
    """A setting that is not empty."""
    setting = section.values.get(key)
    return setting if setting is not None and setting.text else None


def _absolute(name: str, file: Setting, instead: str) -> str:
    """The path of a file that charon opens itself. PolicyError: it is not absolute."""
    if posixpath.isabs(file.text):
        return file.text
    raise PolicyError(
        f"file of {name} is not an absolute path: charon would look for it in its own working directory, "
        "not beside this file",
        place=file.place,
        mend=f"write the absolute path, or {instead} = {file.text}",
    )
