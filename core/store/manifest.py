"""The manifest of an artifact: its files and where they come from."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from core.store.errors import DamagedArtifact, NewerArtifact
from core.store.key import check_file_name, check_key

#: Version of the manifest's own layout; a larger number was written by a newer program.
SCHEMA = 1

#: Placeholder of the checksum while the checksum is computed.
_BLANK = "0" * 64
_SHA256 = re.compile("[0-9a-f]{64}")

#: What a file that is no manifest can raise while it is taken for one: RecursionError for deep
#: nesting, OverflowError for an infinite version.
_UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class FileEntry:
    """Entry of one file in a manifest.

    Attributes:
        bytes: Size.
        sha256: Digest of the content, in hexadecimal.
    """

    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.bytes, int) or not _SHA256.fullmatch(self.sha256):
            raise ValueError("A file entry has a size in bytes and a sha256 in hexadecimal.")


@dataclass(frozen=True)
class Manifest:
    """One artifact as it was committed.

    Attributes:
        key: The artifact.
        created: Time of the commit, ISO 8601 in UTC.
        provenance: Code, libraries and machine, as `core.store.provenance` gives them.
        facts: Metadata that the step that made the artifact recorded: inputs, parameters, counts.
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
        value = self.provenance.get("commit")
        return value if isinstance(value, str) else None

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each library that mattered, by name."""
        found = self.provenance.get("versions")
        return found if isinstance(found, dict) else {}

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
    def from_bytes(
        cls, data: bytes, *, key: str, file: str, root: Path | None = None
    ) -> "Manifest":
        """Manifest that `to_bytes` wrote.

        Args:
            data: Content of the manifest file.
            key: Artifact that it has to describe.
            file: Name of the manifest file for messages, relative to the artifacts folder.
            root: Artifacts folder for messages; the repository's own when None.

        Raises:
            NewerArtifact: A newer version of this program wrote it.
            DamagedArtifact: It is not as it was written, or describes another artifact.
        """
        try:
            content = json.loads(data, parse_constant=_refuse_constant)
            schema, checksum = int(content["schema"]), content["checksum"]
            head, _, tail = data.rpartition(checksum.encode())
        except _UNREADABLE as error:
            raise DamagedArtifact(key, file, "is not a readable manifest", root) from error
        if schema > SCHEMA:
            reason = f"has the manifest version {schema}; this program reads up to {SCHEMA}"
            raise NewerArtifact(key, file, reason, root)
        if hashlib.sha256(head + _BLANK.encode() + tail).hexdigest() != checksum:
            raise DamagedArtifact(key, file, "was changed after it was written", root)
        try:
            manifest = cls._from_content(content)
        except _UNREADABLE as error:
            raise DamagedArtifact(key, file, "is not a manifest", root) from error
        if manifest.key != key:
            reason = f"belongs to another artifact, {manifest.key}"
            raise DamagedArtifact(key, file, reason, root)
        return manifest

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> "Manifest":
        key = check_key(_of_type(content["key"], str))
        if datetime.fromisoformat(content["created"]).tzinfo is None:
            raise ValueError("The time of a commit has a time zone.")
        return cls(
            key=key,
            created=content["created"],
            provenance=_of_type(content["provenance"], dict),
            facts=_of_type(content["facts"], dict),
            files={
                check_file_name(key, name): FileEntry(**entry)
                for name, entry in content["files"].items()
            },
            superseded=tuple(check_file_name(key, name) for name in content["superseded"]),
        )


def _refuse_constant(text: str) -> None:
    raise ValueError(f"A manifest holds finite numbers; received {text}.")


def _of_type(value: Any, wanted: type[_Value]) -> _Value:
    if not isinstance(value, wanted):
        raise TypeError(f"Expected a {wanted.__name__}; received {type(value).__name__}.")
    return value
