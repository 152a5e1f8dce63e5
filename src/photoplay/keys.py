"""The one secret of an installation, and the keys made from it.

Everything that must be signed, encrypted or looked up without being stored in the clear uses a key of its
own, derived from the installation's master key by HKDF-SHA256 (RFC 5869) with the purpose as ``info``. Two
purposes never share a key, so a signature made for one can never be used for another.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from photoplay.errors import SettingsError
from photoplay.settings import Settings

KEY_FILE_NAME = "secret.key"
MIN_SECRET_CHARS = 32
_SALT = b"photoplay/1"  # fixed: the master key is random already; the salt only separates us from other products

log = logging.getLogger(__name__)


class MasterKey:
    """The installation's secret. It never leaves this object; only derived keys do."""

    def __init__(self, secret: str) -> None:
        """Takes the secret as text.

        Raises:
            SettingsError: the secret is shorter than 32 characters.
        """
        if len(secret) < MIN_SECRET_CHARS:
            raise SettingsError(f"the secret key must have at least {MIN_SECRET_CHARS} characters")
        self._secret = secret.encode()

    def __repr__(self) -> str:
        return "MasterKey(…)"

    def derive(self, purpose: str, length_bytes: int = 32) -> bytes:
        """The key for ``purpose``: always the same bytes for the same secret, purpose and length."""
        return HKDF(hashes.SHA256(), length_bytes, _SALT, purpose.encode()).derive(self._secret)


def load_or_create(settings: Settings) -> MasterKey:
    """The master key: the setting ``secret_key``, or the file ``secret.key`` in the data folder, made at first use.

    Several processes may call this at once on a fresh folder; all get the same key.

    Raises:
        SettingsError: the secret is too short, or the file cannot be read or written.
    """
    if settings.secret_key is not None:
        return MasterKey(settings.secret_key)
    path = settings.data_dir / KEY_FILE_NAME
    try:
        if not path.exists():
            _create(path)
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            log.warning("%s can be read by other users of this machine; chmod it to 600", path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the secret key file {path} cannot be used: {error}") from error
    try:
        return MasterKey(text)
    except SettingsError as error:
        raise SettingsError(f"the secret key file {path} is damaged: {error.message}") from error


def _create(path: Path) -> None:
    """Writes a fresh key whole, then links it into place: the first of several writers wins, none sees half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            log.debug("another process made %s first", path)
    finally:
        draft.unlink()
