"""What links to Compare open."""

from dashboard.charts.image_ranking import MeasuredPoint
from dashboard.widgets.links import comparable, compare_query

JPEG_75, JPEG_50 = (MeasuredPoint("jpeg", f"quality={dial:g}", dial) for dial in (75.0, 50.0))
WEBP_50 = MeasuredPoint("webp", "quality=50", 50.0)


def test_different_codecs_are_opened_at_once_each_at_its_setting() -> None:
    assert comparable([JPEG_75, WEBP_50]) == [[JPEG_75, WEBP_50]]
    query = compare_query([JPEG_75, WEBP_50])
    assert (query["jpeg_quality"], query["webp_quality"]) == ("75", "50")


def test_two_settings_of_one_codec_are_opened_one_by_one() -> None:
    groups = comparable([JPEG_75, JPEG_50])
    assert groups == [[JPEG_75], [JPEG_50]]
    assert [compare_query(group)["jpeg_quality"] for group in groups] == ["75", "50"]


def test_a_setting_beside_itself_is_opened_once() -> None:
    assert comparable([JPEG_75, JPEG_75]) == [[JPEG_75]]
