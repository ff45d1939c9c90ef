"""What a codec gives back of a small picture, made again and kept between reruns."""

import hashlib

import numpy as np
import streamlit as st

from core.codecs import CodecFamily, Reference, get_family
from core.codecs.base import Codec
from core.images import Image
from core.store import ArtifactStore
from dashboard.cache import fingerprint, open_store
from dashboard.charts.picture_ranking import Point


def decoded_picture(image: Image, point: Point) -> Image:
    """The picture after the codec at that operating point, coded and decoded here.

    Raises:
        ArtifactError: The weights of a learned family are missing or damaged.
        ValueError: There is no such family or setting, or it does not take the picture.
    """
    digest = hashlib.sha256(np.ascontiguousarray(image)).hexdigest()
    return _decoded(point, fingerprint(f"models/{point.family}"), digest, image)


@st.cache_data(max_entries=600, max_size="100MB", show_spinner=False)
def _decoded(point: Point, state: str, digest: str, _image: Image) -> Image:
    image = np.asarray(_image)
    found = _operating_point(get_family(point.family), point, open_store())
    if isinstance(found, Codec):
        return found.decode(found.encode(image))
    return found.reconstruct(image)


def _operating_point(family: CodecFamily, point: Point, store: ArtifactStore) -> Codec | Reference:
    if family.at is not None and point.dial is not None:
        codec = family.at(point.dial, store)
        if codec.setting == point.setting:
            return codec
    references = family.references(store) if family.references else ()
    for candidate in (*family.sweep(store), *references):
        if candidate.setting == point.setting:
            return candidate
    raise ValueError(f"{family.label} has no setting {point.setting} here.")
