"""What an evaluation has to measure: codec by codec, and which images."""

from collections.abc import Callable, Iterable, Iterator

from core.codecs import Codec, codecs, get_codec
from core.dataset.image_source import Catalogue, FolderSource, ImageSource, SplitSource
from core.dataset.result_images import remember_folder
from core.dataset.splits import prepared_datasets
from core.evaluation.block import operating_points
from core.store import ArtifactError, ArtifactStore, MissingArtifact
from pipelines.base import UserError
from pipelines.claims import Claims
from pipelines.evaluate.config import Config
from pipelines.evaluate.plan import Plan
from pipelines.evaluate.survey import check_folder
from pipelines.prepared_dataset import check_prepared

Say = Callable[[str], None]

_FOLDER_INSTEAD = "Images that are not prepared are measured with --images DIR --dataset NAME."


def plans(config: Config, *, say: Say, claims: Claims | None = None) -> list[Plan]:
    """What is left to measure, codec by codec.

    Args:
        config: What the person asked for.
        say: Takes a line about each codec that is left out.
        claims: Gets a claim to each codec that is left to measure, and is asked for the others
            while their pieces are removed; when None, this only looks.

    Raises:
        UserError: There is no such codec or data set, no image, or another process measures what
            was asked for by its name.
        ArtifactError: The data set is not prepared, or a codec that was asked for by its name
            has no model.
    """
    store = ArtifactStore.default()
    found, busy = [], []
    for plan in every_plan(config, store, say):
        if claims is not None and not claims.take(plan.pieces_key):
            busy.append(plan.codec.name)
            continue
        left = _left_to_measure(plan, config, say, may_discard=claims is not None)
        if left is not None:
            found.append(left)
        elif claims is not None:
            claims.give_back(plan.pieces_key)
    if busy:
        told = f"{', '.join(busy)}: another process measures this, or will, and it is left out."
        if config.codecs and not found:
            raise UserError(told)
        say(told)
    return found


def _left_to_measure(plan: Plan, config: Config, say: Say, *, may_discard: bool) -> Plan | None:
    """The plan of what a codec's results lack; None where they lack nothing.

    Then the pieces of an earlier measurement are of no use, and are removed where they may be.
    """
    # Taken before the work starts, in which the code may be edited, also where all is measured.
    plan.subject  # noqa: B018
    try:
        stale = _to_measure(plan, config)
    except MissingArtifact:
        if config.codecs:
            say(f"{plan.codec.name}: no results to add a metric to.")
        return None
    if stale == ():
        say(f"{plan.codec.name}: up to date.")
        if may_discard:
            plan.discard()
        return None
    if stale:
        say(f"{plan.codec.name}: only {', '.join(stale)} will be measured and added.")
    return plan.adding(stale) if stale else plan


def _to_measure(plan: Plan, config: Config) -> tuple[str, ...] | None:
    """Metrics to add to a codec's results; None where everything is measured.

    One that is defined for none of the images is added only if it is asked for by name.

    Raises:
        ArtifactError: Metrics were asked for by name, and there are no results to add them to.
    """
    if config.metric:
        return plan.lacking(config.metric)
    stale = None if config.again else plan.stale_metrics()
    return stale and tuple(name for name in stale if plan.adding((name,)).blocks)


def every_plan(config: Config, store: ArtifactStore, say: Say) -> Iterator[Plan]:
    """Evaluations of the codecs, up to date or not; says which cannot be measured."""
    chosen = _codecs(config.codecs)
    source = _source(config, store)
    catalogue = _catalogue(source)
    if isinstance(source, FolderSource):
        if not config.replace:
            check_folder(store, config.dataset_name, source.folder, catalogue.sha256)
        remember_folder(store, config.dataset_name, source.folder)
    for codec in chosen:
        try:
            points = tuple(operating_points(codec, store))
        except ArtifactError as error:
            if config.codecs:
                raise
            say(f"{codec.name}: skipped. {error}")
        else:
            yield Plan(store, config.dataset_name, source, catalogue, codec, points)


def _codecs(names: Iterable[str]) -> list[Codec]:
    try:
        return [get_codec(name) for name in dict.fromkeys(names)] or list(codecs().values())
    except ValueError as error:
        raise UserError(str(error)) from error


def _source(config: Config, store: ArtifactStore) -> ImageSource:
    name = config.dataset_name
    if config.images is None:
        check_prepared(store, name, advice=_FOLDER_INSTEAD)
        return SplitSource(store.root, name)
    if name in prepared_datasets(store):
        raise UserError(f"{name} names a prepared data set; choose another name for --images.")
    return FolderSource(config.images.absolute())


def _catalogue(source: ImageSource) -> Catalogue:
    try:
        return source.catalogue()
    except ValueError as error:
        raise UserError(str(error)) from error
