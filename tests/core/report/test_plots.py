import json
import re
from dataclasses import replace

import pytest

from core.codecs.styles import codec_style, known_codecs
from core.report.interactive import figure_json, plotly_figure
from core.report.plot import Plot, Series, axis_range, shown_ticks
from core.report.printed import marker_look, printed

CURVES = Plot(
    name="curves",
    title="Curves",
    caption="Two of them.",
    x_title="Bits per pixel",
    y_title="PSNR (dB)",
    series=(
        Series("JPEG", codec_style("jpeg"), (0.5, 1.0, 2.0), (28.0, 31.0, 35.0)),
        Series("</script><b>", codec_style("webp"), (0.4, 0.9), (29.0, 33.0)),
    ),
    x_scale="log",
    x_ticks=((0.5, "0.5"), (1.0, "1"), (9.0, "9")),
)
BARS = Plot(
    name="bars",
    title="Intervals",
    caption="",
    x_title="Bytes against JPEG",
    y_title="",
    series=(
        Series("WebP", codec_style("webp"), (0.7,), (0.0,), (0.6,), (0.8,), has_line=False),
        Series("AVIF", codec_style("avif"), (0.5,), (1.0,), (0.4,), (0.7,), has_line=False),
    ),
    x_scale="log",
    names=("WebP", "AVIF"),
    reference=1.0,
)


def test_the_screen_shows_the_points_that_were_given() -> None:
    [jpeg, _] = plotly_figure(CURVES).data
    assert list(jpeg.x) == [0.5, 1.0, 2.0]
    assert jpeg.line.color == codec_style("jpeg").color


def test_intervals_reach_from_low_to_high() -> None:
    webp = plotly_figure(BARS).data[0]
    assert webp.x[0] + webp.error_x.array[0] == pytest.approx(0.8)
    assert webp.x[0] - webp.error_x.arrayminus[0] == pytest.approx(0.6)


def test_names_read_from_the_top_and_need_no_legend() -> None:
    layout = plotly_figure(BARS).layout
    assert tuple(layout.yaxis.ticktext) == ("WebP", "AVIF")
    assert layout.yaxis.range[0] > layout.yaxis.range[1]
    assert layout.showlegend is False
    assert plotly_figure(CURVES).layout.showlegend is True


def test_on_a_narrow_screen_names_stand_above_their_lines_and_leave_the_width_to_the_plot() -> None:
    narrow = json.loads(figure_json(BARS))["narrow"]
    assert [(one["text"], one["y"]) for one in narrow["annotations"]] == [("WebP", 0), ("AVIF", 1)]
    assert {one["xanchor"] for one in narrow["annotations"]} == {"left"}
    assert narrow["yaxis"]["showticklabels"] is False
    assert narrow["margin"]["l"] < plotly_figure(BARS).layout.margin.l
    assert json.loads(figure_json(CURVES))["narrow"] == {}


def test_json_cannot_end_the_script_element_and_offers_no_upload() -> None:
    text = figure_json(CURVES)
    assert "</" not in text
    config = json.loads(text)["config"]
    assert config["showSendToCloud"] is False
    assert config["showEditInChartStudio"] is False


def test_the_axis_holds_everything_that_is_drawn() -> None:
    low, high = axis_range(BARS)
    assert low < 0.4
    assert high > 1.0


def test_labels_on_the_axis_lie_within_it_and_keep_their_distance() -> None:
    assert shown_ticks(CURVES) == [(0.5, "0.5"), (1.0, "1")]
    crowded = replace(CURVES, x_ticks=((1.0, "1"), (1.1, "1.1"), (0.5, "0.5")))
    assert [text for _, text in shown_ticks(crowded)] == ["0.5", "1"]


def test_numbers_are_those_of_the_figure() -> None:
    frame = BARS.numbers()
    assert frame["line"].tolist() == ["WebP", "AVIF"]
    assert frame["low"].tolist() == [0.6, 0.4]
    assert len(CURVES.numbers()) == 5


def test_numbers_are_named_by_the_axes_and_their_units() -> None:
    assert [*CURVES.numbers()] == ["series", "Bits per pixel", "PSNR (dB)"]
    ratios = replace(BARS, x_unit="ratio").numbers()
    assert [*ratios] == ["series", "Bytes against JPEG (ratio)", "line", "low", "high"]


@pytest.mark.slow
@pytest.mark.parametrize("plot", [CURVES, BARS], ids=lambda plot: plot.name)
@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_paper_gets_the_same_file_every_time(plot: Plot, ending: str, magic: bytes) -> None:
    first = printed(plot, ending)
    assert first.startswith(magic)
    assert printed(plot, ending) == first


def test_the_printed_figure_has_the_colours_of_the_codecs() -> None:
    text = printed(CURVES, "svg").decode()
    assert codec_style("jpeg").color in text
    assert re.search(r"<dc:date>", text) is None


def test_figures_for_paper_have_one_width_and_truetype_letters() -> None:
    files = [printed(plot, "pdf") for plot in (CURVES, BARS)]
    widths = {re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ", file).group(1) for file in files}
    assert widths == {b"504"}
    assert not any(b"/Type3" in file for file in files)


def test_in_print_too_marker_and_dash_tell_codecs_apart_without_colour() -> None:
    styles = [codec_style(name) for name in known_codecs()]
    looks = {f"{marker_look(style.symbol)} {style.dash}" for style in styles}
    assert len(looks) == len(styles)
    spare = [codec_style(f"model {number}").symbol for number in range(100)]
    assert len({f"{marker_look(symbol)}" for symbol in spare}) == len({*spare})


def test_every_marker_that_a_codec_has_can_be_printed() -> None:
    names = [*known_codecs(), *(f"model {number}" for number in range(100))]
    styles = {style.symbol: style for style in map(codec_style, names)}
    first = CURVES.series[0]
    series = tuple(replace(first, style=style, has_line=False) for style in styles.values())
    assert printed(replace(CURVES, series=series), "svg").startswith(b"<?xml")


def test_another_ending_is_refused() -> None:
    with pytest.raises(ValueError, match="svg, pdf; received 'png'"):
        printed(CURVES, "png")
