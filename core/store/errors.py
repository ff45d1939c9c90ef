"""Errors of artifacts: what is wrong with which file, and the command that helps."""

import shlex
from pathlib import Path

from core.store.key import command_for

#: Artifacts folder of this repository, which messages call `artifacts/`.
DEFAULT_ROOT = Path(__file__).resolve().parents[2] / "artifacts"


class ArtifactError(Exception):
    """An artifact that cannot be used.

    Attributes:
        key: The artifact.
        file: The file, relative to the artifacts folder.
        reason: What is wrong with that file.
        root: The artifacts folder; the repository's own when None.
    """

    #: Introduces the command that helps.
    advice = "Make it again with"

    def __init__(self, key: str, file: str, reason: str, root: Path | None = None) -> None:
        super().__init__(key, file, reason, root)
        self.key = key
        self.file = file
        self.reason = reason
        self.root = root

    @property
    def location(self) -> str:
        """Path of the file for messages."""
        return shown_path(self.root, self.file)

    @property
    def command(self) -> str:
        """Command that helps."""
        return command_for(self.key, self.root or DEFAULT_ROOT)

    def __str__(self) -> str:
        return f"{self.location} {self.reason}. {self.advice}: {self.command}"


class MissingArtifact(ArtifactError):
    """A file that is not there."""

    advice = "Make it with"


class DamagedArtifact(ArtifactError):
    """A file that is there, but not as it was written."""


class UnreadableArtifact(DamagedArtifact):
    """A file that the operating system does not let this process read; it may be whole."""

    advice = "Check the disk and its permissions with"

    @property
    def command(self) -> str:
        """Command that shows the permissions."""
        return f"ls -l {shlex.quote(self.location)}"


class NewerArtifact(ArtifactError):
    """An artifact of a newer version of this program."""

    advice = "Update Bottleneck, or delete the artifact and make it again with"


class ReplacedArtifact(ArtifactError):
    """An artifact that another process replaced while this one was reading it."""

    advice = "Read it again, or make it again with"


def shown_path(root: Path | None, file: str) -> str:
    """Path of a file of the store for messages.

    Args:
        root: The artifacts folder; the repository's own when None.
        file: The file, relative to that folder.
    """
    is_own = root is None or root == DEFAULT_ROOT
    return f"artifacts/{file}" if is_own else f"{root}/{file}"
