"""Worlds that nobody else can know: seeds derived from a secret that stays with its owner.

A model that was trained on published worlds has seen them. With ``split: private`` the worlds of a
plan are numbers without meaning; the seeds behind them are HMAC-SHA256 of the number under a
secret (RFC 2104), so that without the secret they cannot be told from chance.
"""

import hmac
from pathlib import Path

from offswitch._errors import UsageError

MIN_BYTES = 16
"""Shortest secret; shorter ones can be tried out."""
PUBLIC_LIMIT = 2**61
"""Public seeds lie below, private ones from here to 2**62, so that they never meet; both fit a
signed 64-bit column."""
_SEED, _FINGERPRINT = b"offswitch world seed ", b"offswitch seed secret"


class SeedSecret:
    """A secret; prints as its fingerprint.

    Args:
        secret: The bytes.
        where: What errors call it.

    Raises:
        UsageError: It is too short to be one.
    """

    def __init__(self, secret: bytes, where: str = "seed_secret") -> None:
        if len(secret) < MIN_BYTES:
            raise UsageError(
                f"{where}: a seed secret has at least {MIN_BYTES} bytes, this one has "
                f"{len(secret)}. Make one with: openssl rand -hex 32 > seeds.secret"
            )
        self._secret = secret

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that tell secrets apart and tell nothing else of them."""
        return self._digest(_FINGERPRINT).hex()[:32]

    def seed(self, number: int) -> int:
        """The seed behind a world's number, from 2**61 to below 2**62."""
        digest = self._digest(_SEED + str(number).encode())
        return PUBLIC_LIMIT + int.from_bytes(digest[:8], "big") % PUBLIC_LIMIT

    def _digest(self, message: bytes) -> bytes:
        return hmac.digest(self._secret, message, "sha256")

    def __repr__(self) -> str:
        return f"SeedSecret({self.fingerprint})"


def read_secret(source: bytes | str | Path) -> SeedSecret:
    """A secret from a file, without the line break at its end.

    Args:
        source: Path of the file, or the secret itself as bytes.

    Raises:
        UsageError: There is no such file, or what is in it is too short.
    """
    if isinstance(source, bytes):
        return SeedSecret(source)
    path, where = Path(source), f"--seed-secret {source}"
    try:
        return SeedSecret(path.read_bytes().rstrip(b"\r\n"), where)
    except OSError as error:
        raise UsageError(
            f"{where}: cannot be read: {error.strerror}. Name the file that holds the secret; "
            "a new one is made with: openssl rand -hex 32 > seeds.secret"
        ) from error
