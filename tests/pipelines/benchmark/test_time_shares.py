from dataclasses import replace

from core.timing.table import Timing
from pipelines.benchmark.time_shares import TimeShares

TIMED = Timing("avif", "AVIF", "lossy", "encode", "warm", 1, 0, "", 160, 160, seconds=0.5)


def test_a_codec_that_had_its_share_at_a_size_is_measured_there_no_more():
    shares = TimeShares(share=2.0, longest=60.0)
    decoding = replace(TIMED, operation="decode", seconds=0.4)
    shares.add([TIMED, decoding, TIMED])
    assert not shares.is_used_up("avif", 1, "warm", (160, 160))
    shares.add([replace(TIMED, seconds=None), TIMED, decoding])
    assert shares.is_used_up("avif", 1, "warm", (160, 160))
    assert not shares.is_used_up("avif", 2, "warm", (160, 160))
    assert not shares.is_used_up("avif", 1, "cold", (160, 160))
    assert not shares.is_used_up("avif", 1, "warm", (768, 512))
    assert not shares.is_used_up("webp", 1, "warm", (160, 160))


def test_what_would_take_too_long_is_refused_by_the_slowest_time_at_the_largest_size():
    shares = TimeShares(share=2.0, longest=60.0)
    assert shares.refusal("avif", 1, (4000, 3000)) is None
    large = replace(TIMED, width=400, height=300, seconds=0.5)
    shares.add([replace(TIMED, seconds=9.0), large, replace(large, seconds=0.7), TIMED])
    assert shares.refusal("avif", 1, (4000, 3000)) == (
        "It would take about 70 seconds, by its 0.7 seconds at 400x300; 60 are the most that is "
        "measured."
    )
    assert shares.refusal("avif", 1, (2000, 3000)) is None
    assert shares.refusal("avif", 2, (4000, 3000)) is None
