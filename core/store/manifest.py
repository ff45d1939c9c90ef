"""The manifest of an artifact: its files and where they come from; the errors of artifacts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.store.key import command_for

#: Version of the manifest's own layout; a larger number was written by a newer program.
SCHEMA = 1

#: Stands in the place of the checksum while the checksum is computed.
_BLANK = "0" * 64


class ArtifactError(Exception):
    """An artifact that cannot be used.

    Attributes:
        key: The artifact.
        file: The file, seen from the artifacts folder.
        reason: What is wrong with that file.
    """

    advice = "Make it again with"

    def __init__(self, key: str, file: str, reason: str) -> None:
        super().__init__(key, file, reason)
        self.key = key
        self.file = file
        self.reason = reason

    @property
    def command(self) -> str:
        """Command that makes the artifact."""
        return command_for(self.key)

    def __str__(self) -> str:
        return f"artifacts/{self.file} {self.reason}. {self.advice}: {self.command}"


class MissingArtifact(ArtifactError):
    """A file that is not there."""

    advice = "Make it with"


class DamagedArtifact(ArtifactError):
    """A file that is there, but not as it was written."""


class NewerArtifact(ArtifactError):
    """An artifact of a newer version of this program."""

    advice = "Update Bottleneck, or delete the artifact and make it again with"


@dataclass(frozen=True)
class FileEntry:
    """What a manifest says of one file.

    Attributes:
        bytes: Size.
        sha256: Digest of the content, in hexadecimal.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """One artifact as it was committed.

    Attributes:
        key: The artifact.
        created: Time of the commit, ISO 8601 in UTC.
        provenance: Code, libraries and machine, as `core.store.provenance` gives them.
        facts: What the step that made the artifact says of it: inputs, parameters, counts.
        files: Entry of each file by its name.
        superseded: Files of earlier commits that this one dropped.
    """

    key: str
    created: str
    provenance: Mapping[str, Any]
    facts: Mapping[str, Any]
    files: Mapping[str, FileEntry]
    superseded: tuple[str, ...] = ()

    @property
    def commit(self) -> str | None:
        """Git commit of the code that made the artifact, if known."""
        value: str | None = self.provenance.get("commit")
        return value

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each library that mattered, by name."""
        found: Mapping[str, str] = self.provenance.get("versions", {})
        return found

    def to_bytes(self) -> bytes:
        """JSON text that `from_bytes` reads back and in which no byte can change unnoticed."""
        content = {
            "schema": SCHEMA,
            "key": self.key,
            "created": self.created,
            "provenance": self.provenance,
            "facts": self.facts,
            "files": {name: vars(entry) for name, entry in sorted(self.files.items())},
            "superseded": self.superseded,
            "checksum": _BLANK,
        }
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        checksum = hashlib.sha256(text.encode()).hexdigest()
        head, _, tail = text.rpartition(_BLANK)
        return f"{head}{checksum}{tail}".encode()

    @classmethod
    def from_bytes(cls, data: bytes, *, key: str, file: str) -> "Manifest":
        """Manifest that `to_bytes` wrote.

        Args:
            data: Content of the manifest file.
            key: Artifact that it has to describe.
            file: Name of the manifest file for messages, seen from the artifacts folder.

        Raises:
            NewerArtifact: A newer version of this program wrote it.
            DamagedArtifact: It is not as it was written, or describes another artifact.
        """
        try:
            content = json.loads(data)
            schema, checksum = int(content["schema"]), content["checksum"]
            head, _, tail = data.rpartition(checksum.encode())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedArtifact(key, file, "is not a readable manifest") from error
        if schema > SCHEMA:
            reason = f"has the manifest version {schema}; this program reads up to {SCHEMA}"
            raise NewerArtifact(key, file, reason)
        if hashlib.sha256(head + _BLANK.encode() + tail).hexdigest() != checksum:
            raise DamagedArtifact(key, file, "was changed after it was written")
        if content["key"] != key:
            raise DamagedArtifact(key, file, f"belongs to another artifact, {content['key']}")
        return cls._from_content(content)

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> "Manifest":
        return cls(
            key=content["key"],
            created=content["created"],
            provenance=content["provenance"],
            facts=content["facts"],
            files={name: FileEntry(**entry) for name, entry in content["files"].items()},
            superseded=tuple(content["superseded"]),
        )
