import inspect

import numpy as np
import pytest

from core.metrics import base, direction_of, metrics, range_of, smallest_side


@pytest.fixture(params=list(metrics()))
def metric(request):
    return metrics()[request.param]


def side_of(metric):
    return max(90, smallest_side(metric.NAME))


def noise(seed, count, metric):
    shape = (count, side_of(metric), side_of(metric), 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_tables_show_them_in_the_order_that_they_state_the_thesis_two_first():
    orders = [metric.ORDER for metric in metrics().values()]
    assert orders == sorted(orders)
    assert list(metrics())[:2] == ["psnr_db", "ssim"]
    assert {"ssimulacra2", "ms_ssim_4"} <= metrics().keys()


def test_the_slow_ones_are_measured_on_the_subset_only():
    slow = {name for name, metric in metrics().items() if metric.ON_SUBSET_ONLY}
    assert {"ssimulacra2", "ms_ssim_4"} <= slow
    assert not slow & {"psnr_db", "ssim"}


def test_a_label_tells_the_direction_with_and_without_its_unit(metric):
    expected = 1 if metric.HIGHER_IS_BETTER else -1
    assert direction_of(metric.LABEL) == expected
    assert direction_of(metric.LABEL.partition(" (")[0]) == expected
    assert direction_of("Bytes") == 0


def test_each_offers_what_the_contract_says(metric):
    low, high = range_of(metric.NAME)
    assert low < high
    for name in inspect.get_annotations(base.Metric):
        assert hasattr(metric, name)
    assert metric.__name__.rpartition(".")[2] == metric.NAME
    assert metric.DEFINITION.endswith(".")


def test_each_prefers_the_reference_to_a_noisy_copy(metric):
    random = np.random.default_rng(9)
    reference = random.integers(0, 256, (side_of(metric) + 10, side_of(metric), 3), np.uint8)
    noisy = np.clip(reference + random.normal(0, 20, reference.shape), 0, 255).astype(np.uint8)
    exact, worse = metric.measure(reference, reference.copy()), metric.measure(reference, noisy)
    assert (exact > worse) == metric.HIGHER_IS_BETTER


def test_none_changes_its_arguments(metric):
    reference, image = noise(10, 2, metric)
    copies = reference.copy(), image.copy()
    metric.measure(reference, image)
    assert np.array_equal(reference, copies[0])
    assert np.array_equal(image, copies[1])


def test_order_of_calls_does_not_matter(metric):
    first, second, image = noise(11, 3, metric)
    alone = metric.measure(first, image)
    metric.measure(second, image)
    assert metric.measure(first, image) == alone


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((90, 91, 3), np.uint8),
        np.zeros((90, 90), np.uint8),
        np.zeros((90, 90, 4), np.uint8),
        np.zeros((90, 90, 3), np.float32),
    ],
    ids=["another shape", "grey", "alpha", "float"],
)
def test_each_refuses_what_it_cannot_compare(metric, image):
    with pytest.raises(ValueError, match="received"):
        metric.measure(np.zeros((90, 90, 3), np.uint8), image)


def test_each_refuses_images_below_the_side_that_it_states(metric):
    side = smallest_side(metric.NAME)
    if side > 1:
        image = np.zeros((side - 1, 200, 3), np.uint8)
        with pytest.raises(ValueError, match=f"at least {side} pixels"):
            metric.measure(image, image)
    image = np.zeros((side, side, 3), np.uint8)
    assert not np.isnan(metric.measure(image, image))
