"""Previews of a search's trials: kept apart while it runs, packed into one artifact at its end.

A worker keeps the preview of a trial's last finished epoch in the store of its own machine, outside
the study, whose database stays small and quick to read. A trial that was trained on another machine
has no preview here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.images import Image
from core.search.studies import FINISHED, ORIGIN, StudyRecord, TrialRecord
from core.store import ArtifactError, ArtifactStore, Manifest, MissingArtifact
from core.store.key import file_name, last_part
from core.training_records.previews import PREVIEWS, KeptPreviews, encode_previews, read_previews

#: Most previews of a study that are packed, some 45 kB each: the thesis' optimum, the best trials.
MAX_PACKED = 100

#: Fact of an artifact: when the trial of each preview began. A study that was started anew, here or
#: on another machine, has trials of the same numbers.
STARTED = "started"


@dataclass(frozen=True)
class TrialPreviews:
    """The previews of one model's study that are on this machine.

    Attributes:
        store: Where they are.
        model: Name of the model.
    """

    store: ArtifactStore
    model: str

    @property
    def key(self) -> str:
        """Artifact of the packed previews."""
        return f"strips/{self.model}"

    def save(self, preview: Image, *, number: int, started: datetime | None) -> None:
        """Keeps the preview of a trial in the place of an earlier one.

        Args:
            preview: The preview.
            number: Number of the trial.
            started: When it began, as the study has it.
        """
        key = self._loose_key(number)
        files = {file_name(key, "png"): encode_previews([preview])}
        facts = {"model": self.model, PREVIEWS: [number], STARTED: [_text(started)]}
        self.store.commit(key, files, facts=facts)

    def read(self, trials: Iterable[TrialRecord]) -> dict[int, Image]:
        """Preview by the number of its trial, for those of the trials that have one here.

        Raises:
            ArtifactError: Previews are there, but damaged.
        """
        wanted = {trial.number: trial for trial in trials}
        found: dict[int, Image] = {}
        for key in (*map(self._loose_key, wanted), self.key):
            missing = {number: wanted[number] for number in wanted if number not in found}
            if missing and self.store.exists(key):
                found |= _of_trials(self._read(key), missing)
        return found

    def pack(self, study: StudyRecord) -> Manifest | None:
        """Puts the previews of finished trials into one artifact, at most `MAX_PACKED` of them.

        Previews that were packed before stay among them as long as they are good enough; loose
        ones are removed unless their trial still runs. What is damaged is left out.

        Args:
            study: The study with the states and values of its trials.

        Returns:
            Manifest of the artifact; None where nothing was added.
        """
        if not self.store.keys(self._loose_prefix):
            return None
        with self.store.lock(self.key):
            loose = self.store.keys(self._loose_prefix)
            kept = self._chosen(study, [self.key, *loose])
            manifest = self._commit(study, kept) if loose and kept else None
            running = {str(trial.number) for trial in study.trials if trial.state == "running"}
            for key in loose:
                if last_part(key) not in running:
                    self.store.delete(key)
        return manifest

    def forget(self) -> None:
        """Removes all previews of the study."""
        for key in (*self.store.keys(self._loose_prefix), self.key):
            self.store.delete(key)

    @property
    def _loose_prefix(self) -> str:
        return f"cache/search/{self.model}/"

    def _loose_key(self, number: int) -> str:
        return f"{self._loose_prefix}{number}"

    def _read(self, key: str) -> KeptPreviews:
        try:
            return read_previews(self.store, key)
        except MissingArtifact:
            if self.store.exists(key):
                raise
            return KeptPreviews({}, {})  # a search has just packed or forgotten it

    def _chosen(self, study: StudyRecord, keys: list[str]) -> dict[int, Image]:
        """Previews to pack, from so many artifacts, in the order of their trials."""
        finished = {trial.number: trial for trial in study.trials if trial.state in FINISHED}
        key_of: dict[int, str] = {}
        for key in keys:
            key_of |= dict.fromkeys(self._numbers(key, finished), key)
        best = _best_first([finished[number] for number in key_of], study)[:MAX_PACKED]
        rows: dict[int, Image] = {}
        for key in dict.fromkeys(key_of[trial.number] for trial in best):
            own = {trial.number: trial for trial in best if key_of[trial.number] == key}
            try:
                rows |= _of_trials(self._read(key), own)
            except ArtifactError:
                continue
        return dict(sorted(rows.items()))

    def _numbers(self, key: str, trials: Mapping[int, TrialRecord]) -> list[int]:
        """Those of the trials that an artifact says it has previews of."""
        try:
            facts = self.store.manifest(key).facts
            begun = dict(zip(facts[PREVIEWS], facts[STARTED], strict=True))
        except (ArtifactError, KeyError, TypeError, ValueError):
            return []
        return [number for number in begun if _is_of(trials.get(number), begun[number])]

    def _commit(self, study: StudyRecord, rows: Mapping[int, Image]) -> Manifest:
        begun = {trial.number: _text(trial.started) for trial in study.trials}
        facts = {
            "model": self.model,
            PREVIEWS: list(rows),
            STARTED: [begun[number] for number in rows],
        }
        png = encode_previews(list(rows.values()))
        return self.store.commit(self.key, {file_name(self.key, "png"): png}, facts=facts)


def _of_trials(kept: KeptPreviews, trials: Mapping[int, TrialRecord]) -> dict[int, Image]:
    """Those previews that belong to the trials, and not to others of the same numbers."""
    begun = kept.facts.get(STARTED)
    if not isinstance(begun, list):
        return {}
    return {
        number: preview
        for (number, preview), text in zip(kept.rows.items(), begun, strict=False)
        if _is_of(trials.get(number), text)
    }


def _is_of(trial: TrialRecord | None, started: str) -> bool:
    return trial is not None and _text(trial.started) == started


def _text(started: datetime | None) -> str:
    return "" if started is None else started.isoformat()


def _best_first(trials: Iterable[TrialRecord], study: StudyRecord) -> list[TrialRecord]:
    """The thesis' optimum, complete trials from the best, pruned ones by their last report."""
    sign = -1.0 if study.is_maximized else 1.0

    def rank(trial: TrialRecord) -> tuple[bool, bool, float]:
        reports = list(trial.reports.values())
        value = reports[-1] if trial.value is None and reports else trial.value or 0.0
        return ORIGIN not in trial.attributes, trial.state != "complete", sign * value

    return sorted(trials, key=rank)
