import numpy as np
import pytest

from core.analysis.bd_tables import bd_matrix, bd_table
from dashboard.views.rate_distortion.bd_rate_charts import interval_figure, matrix_figure

LABELS = {"jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}


def test_the_matrix_figure_writes_every_cell(three_codecs, measured):
    matrix = bd_matrix(three_codecs | {"png8": measured("png8", gain=100)})
    cells = matrix_figure(matrix, LABELS).data[0]
    place = {name: number for number, name in enumerate(cells.y)}
    assert cells.text[place["AVIF"]][place["JPEG"]] == "\u221275"
    assert cells.text[place["JPEG"]][place["AVIF"]] == "+300"
    assert cells.text[place["png8"]][place["JPEG"]] == "n/a"
    assert cells.text[place["JPEG"]][place["JPEG"]] == "0"
    assert np.nanmax(cells.z) == 100
    written = matrix_figure(matrix, LABELS).data[1]
    assert list(written.text) == [text for row in cells.text for text in row]


def test_every_cell_of_the_matrix_has_room_for_its_number_however_many_there_are(measured):
    names = [f"Autoencoder, {count} layers (40x40), trained for rate" for count in range(25)]
    figure = matrix_figure(bd_matrix({name: measured(name) for name in names}), {})
    layout = figure.layout
    assert (layout.width - layout.margin.l - layout.margin.r) / len(names) >= 34
    assert layout.margin.l < 180
    assert "Autoencoder, 3 layers<br>(40x40), trained for rate" in layout.xaxis.ticktext
    assert sorted(figure.data[0].x) == sorted(names)


def test_names_of_the_interval_figure_stand_above_their_lines(three_codecs):
    table = bd_table(three_codecs, anchor="jpeg", labels=LABELS, samples=10)
    layout = interval_figure(table, anchor_label="JPEG").layout
    assert {note.text: note.y for note in layout.annotations} == {"AVIF": "AVIF", "WebP": "WebP"}
    assert layout.yaxis.showticklabels is False


def test_the_intervals_are_drawn_as_ratios_and_labelled_in_percent(three_codecs):
    table = bd_table(three_codecs, anchor="jpeg", labels=LABELS, samples=50)
    figure = interval_figure(table, anchor_label="JPEG")
    drawn = {trace.y[0]: trace for trace in figure.data}
    assert drawn["AVIF"].x[0] == pytest.approx(0.25)
    low = drawn["WebP"].x[0] - drawn["WebP"].error_x.arrayminus[0]
    row = table.set_index("label").loc["WebP"]
    assert low == pytest.approx(1 + row["low_percent"] / 100)
    axis = figure.layout.xaxis
    assert dict(zip(axis.tickvals, axis.ticktext, strict=True))[1] == "0 %"
    assert axis.range[0] < np.log10(0.25)
    assert axis.range[1] > 0


def test_codecs_without_a_value_are_left_out_of_the_interval_figure(three_codecs, measured):
    far = three_codecs | {"png8": measured("png8", gain=100)}
    table = bd_table(far, anchor="jpeg", labels=LABELS, samples=10)
    figure = interval_figure(table, anchor_label="JPEG")
    assert [trace.y[0] for trace in figure.data] == ["WebP", "AVIF"]


def test_a_figure_of_no_interval_at_all_is_empty(measured):
    far = {"jpeg": measured("jpeg"), "png8": measured("png8", gain=100)}
    table = bd_table(far, anchor="jpeg", labels=LABELS)
    assert interval_figure(table, anchor_label="JPEG").data == ()
