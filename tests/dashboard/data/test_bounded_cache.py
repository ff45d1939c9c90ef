import numpy as np

from core.intake.decode import DecodedImage
from dashboard.data.bounded_cache import BoundedCache, size_of


def test_all_values_together_stay_below_the_bound_and_the_oldest_go_first() -> None:
    cache = BoundedCache(max_bytes=2_500, ttl_seconds=60)
    for name in "abc":
        cache.put(name, bytes(1_000))
    assert cache.get("a") is None
    assert cache.get("c") == bytes(1_000)
    assert cache.bytes <= 2_500


def test_a_value_larger_than_the_cache_is_not_kept() -> None:
    cache = BoundedCache(max_bytes=2_500, ttl_seconds=60)
    cache.put("a", bytes(3_000))
    assert cache.get("a") is None


def test_pixels_count_inside_a_decoded_image() -> None:
    image = DecodedImage(np.zeros((10, 20, 3), np.uint8), "PNG")
    assert size_of(image) >= 600
