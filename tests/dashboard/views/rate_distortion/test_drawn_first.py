"""Which curves are drawn before anyone chooses."""

from dashboard.views.rate_distortion.controls import SHOWN_FIRST, drawn_first


def test_of_many_codecs_one_per_format_is_drawn() -> None:
    others = ["jpegli", "webp_slow", "avif", "mine"]
    assert drawn_first([*others, *reversed(SHOWN_FIRST), "ae20"]) == [*SHOWN_FIRST]


def test_a_codec_of_the_first_ones_that_is_not_measured_is_left_out() -> None:
    measured = [name for name in SHOWN_FIRST if name != "bottleneck_visual"]
    others = ["jpegli", "webp_slow", "avif", "mine"]
    assert drawn_first([*measured, *others]) == measured
    assert drawn_first([*SHOWN_FIRST, *others])[:2] == ["bottleneck", "bottleneck_visual"]


def test_few_codecs_are_all_drawn_a_persons_own_too() -> None:
    assert drawn_first(["mine", "webp", "ae20", "jpeg"]) == ["jpeg", "webp", "mine"]


def test_autoencoders_alone_are_drawn() -> None:
    assert drawn_first(["ae20", "ae40"]) == ["ae40", "ae20"]
