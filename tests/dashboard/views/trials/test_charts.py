import math
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from dashboard.views.trials.charts import (
    PLOTS,
    Drawing,
    can_be_logarithmic,
    shown_numbers,
    trial_figure,
)
from dashboard.views.trials.drawn_trials import MAX_DRAWN, drawn_trials
from dashboard.views.trials.one_study import chosen_line, filter_line
from dashboard.views.trials.style import RING, SCALE, scale_color
from tests.dashboard.views.trials.trial_records import study, trial


def test_few_trials_are_all_drawn_and_of_many_an_even_choice_with_the_best():
    few = [trial(number, 0.0) for number in range(5)]
    assert drawn_trials(few, best=None) == few
    many = [trial(number, 0.0) for number in range(5000)]
    drawn = drawn_trials(many, best=many[17])
    numbers = [found.number for found in drawn]
    assert len(numbers) <= MAX_DRAWN + 1
    assert 17 in numbers
    assert numbers == sorted(numbers)
    assert max(b - a for a, b in pairwise(numbers)) < 12


def test_the_history_shows_the_numbers_that_the_trials_have_in_their_study():
    trials = [trial(3, 1.0), trial(7, 3.0), trial(9, 2.0)]
    points, best = trial_figure("history", trials, Drawing("maximize")).data
    assert list(points.x) == list(best.x) == [3, 7, 9]
    assert list(points.y) == [1.0, 3.0, 2.0]
    assert list(best.y) == [1.0, 3.0, 3.0]


def test_slices_are_coloured_by_the_trials_own_numbers_on_our_scale():
    trials = [trial(3, 1.0), trial(7, 3.0)]
    figure = trial_figure("slice", trials, Drawing("maximize"))
    assert list(figure.data[0].marker.color) == [3, 7]
    assert figure.layout.template.layout.plot_bgcolor is None
    assert [color for _, color in figure.data[0].marker.colorscale] == [c for _, c in SCALE]


def test_values_can_have_a_logarithmic_axis():
    trials = [trial(0, 1.0), trial(1, 3.0)]
    axis = trial_figure("history", trials, Drawing("maximize", log_value=True)).layout.yaxis
    assert axis.type == "log"


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("name", list(PLOTS))
def test_every_plot_draws_infinite_scores_and_odd_categories_without_an_error(name, direction):
    start = datetime(2026, 1, 1)
    mixed = CategoricalDistribution(("a", None, True, 3, 2.5))
    trials = [
        replace(
            trial(number, value, params={}),
            params={"x": 0.1 * number, "c": mixed.choices[number % 5]},
            distributions={"x": FloatDistribution(0, 1), "c": mixed},
            reports={1: math.nan, 2: 5.0, 3: math.inf},
            started=start,
            finished=start,
        )
        for number, value in enumerate([*range(8), math.inf, -math.inf])
    ]
    drawing = Drawing(direction, best=7, chosen=(2, 5))
    figure = trial_figure(name, trials, drawing)
    assert figure.data
    assert "Infinity" not in figure.to_json()


def test_the_lines_of_parallel_coordinates_have_the_colours_of_their_bar():
    figure = trial_figure(
        "parallel", [trial(0, 1.0), trial(1, 2.0), trial(2, 3.0)], Drawing("maximize")
    )
    *lines, bar = figure.data
    colors = {line.name: line.line.color for line in lines}
    assert (bar.marker.cmin, bar.marker.cmax) == (1.0, 3.0)
    assert colors["Trial 0"] == scale_color(0.0)
    assert colors["Trial 1"] == scale_color(0.5)
    assert colors["Trial 2"] == scale_color(1.0)
    assert [color for _, color in bar.marker.colorscale] == [color for _, color in SCALE]


def test_the_points_of_ranks_have_the_colours_of_their_bar():
    trials = [trial(number, float(number)) for number in range(3)]
    figure = trial_figure("rank", trials, Drawing("maximize"))
    points = next(trace for trace in figure.data if trace.hovertext is not None)
    assert list(points.marker.color) == [scale_color(index) for index in (0.0, 0.5, 1.0)]
    bar = next(trace for trace in figure.data if trace.marker.colorscale is not None)
    assert [color for _, color in bar.marker.colorscale] == [color for _, color in SCALE]
    assert not bar.marker.reversescale


def test_the_strong_end_of_the_colours_is_the_better_one_in_both_directions():
    trials = [trial(0, 1.0), trial(1, 2.0)]
    figure = trial_figure("parallel", trials, Drawing("minimize"))
    colors = {line.name: line.line.color for line in figure.data[:-1]}
    assert colors["Trial 0"] == scale_color(1.0)
    assert figure.data[-1].marker.reversescale


@pytest.mark.parametrize("name", ["history", "slice", "contour", "rank"])
def test_chosen_trials_get_a_ring_and_the_others_stay(name):
    trials = [trial(number, float(number)) for number in range(4)]
    trials = [
        replace(t, params={**t.params, "activation": "relu" if t.number % 2 else "leaky_relu"})
        for t in trials
    ]
    plain = trial_figure(name, trials, Drawing("maximize"))
    ringed = trial_figure(name, trials, Drawing("maximize", chosen=(1,)))
    rings = [t for t in ringed.data if t.type == "scatter" and t.marker.symbol == RING["symbol"]]
    assert rings
    assert len(ringed.data) == len(plain.data) + len(rings)


@pytest.mark.parametrize("name", ["parallel", "timeline", "intermediate"])
def test_nothing_is_faded_for_a_chosen_trial_that_is_not_drawn(name):
    start = datetime(2026, 1, 1)
    trials = [
        trial(number, float(number), started=start, finished=start, reports={1: 1.0})
        for number in range(4)
    ]
    trials.append(trial(9, None, state="fail"))
    plain, chosen = (
        trial_figure(name, trials, Drawing("maximize", chosen=numbers)) for numbers in ((), (9, 12))
    )
    assert chosen.to_json() == plain.to_json()


def test_the_caption_tells_which_chosen_trials_stand_out_and_which_cannot():
    scored, pruned = trial(1, 2.0, reports={1: 1.0}), trial(7, None, state="pruned")
    drawn = shown_numbers("history", [scored, pruned])
    assert drawn == {1}
    line = chosen_line("history", [scored, pruned], drawn)
    assert line.startswith("The chosen one stands out. Chosen but not drawn, without a score")
    assert line.endswith(": 7.")
    assert chosen_line("history", [pruned], drawn) == line.removeprefix(
        "The chosen one stands out. "
    )
    assert chosen_line("importance", [scored], drawn) == ""
    assert chosen_line("history", [], drawn) == ""


def test_the_filter_tells_how_many_pass_and_how_many_of_those_are_shown():
    searched = study(1.0, 2.0, 3.0, 4.0)
    assert filter_line(searched, passing=3, shown=3) == "3 of 4 trials pass the filter."
    assert filter_line(searched, passing=4, shown=2).endswith("; the 2 best of them are shown.")
    assert filter_line(searched, passing=4, shown=1).endswith("; the best of them is shown.")


def ticks(axis):
    return zip(axis.ticktext, axis.tickvals, strict=True)


def test_ticks_of_a_learning_rate_read_in_full():
    trials = [trial(number, float(number)) for number in range(4)]
    axis = trial_figure("slice", trials, Drawing("maximize")).layout.xaxis2
    assert axis.type == "log"
    assert "0.001" in axis.ticktext
    assert all(float(text.replace(",", "")) == pytest.approx(tick) for text, tick in ticks(axis))


def test_learning_curves_name_the_best_and_the_chosen_only():
    trials = [trial(number, float(number), reports={1: 1.0, 2: 2.0}) for number in range(9)]
    figure = trial_figure("intermediate", trials, Drawing("maximize", "#123456", 8, (3,)))
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert named == ["Trial 3", "Trial 8, best"]
    assert figure.data[-1].line.color == "#123456"


def test_scores_have_a_logarithmic_axis_only_where_they_span_a_decade():
    assert not can_be_logarithmic([trial(0, 20.0), trial(1, 28.0)])
    assert not can_be_logarithmic([trial(0, -1.0), trial(1, 28.0)])
    assert can_be_logarithmic([trial(0, 0.01), trial(1, 28.0)])
