import pytest

from core.store.manifest import Manifest
from core.training_records.model_card import ModelCard
from dashboard.views.models.summary import description, limits_of, training_end


def model(**card):
    return ModelCard.of(Manifest("models/ae80", "", {}, {}, {}), card)


@pytest.mark.parametrize(
    ("training", "config", "end"),
    [
        (
            {"epochs": 30, "best_epoch": 25, "ended_by": "early stopping"},
            {"epochs": 100, "patience": 5},
            "ended by early stopping after 5 epochs without gain; the weights of epoch 25",
        ),
        (
            {"epochs": 19, "best_epoch": 19, "ended_by": "hand"},
            {"epochs": 19},
            "ended with the last epoch that was asked for, its validation loss still falling",
        ),
        (
            {"epochs": 7, "best_epoch": 5, "ended_by": "hand"},
            {"epochs": 100},
            "ended by request after epoch 7 of at most 100",
        ),
        (
            {"epochs": 60, "best_epoch": 60, "ended_by": "early stopping", "lr_drops": 3}
            | {"first_stop": 25},
            {"epochs": 100, "patience": 5},
            "ended by early stopping after 5 epochs without gain, after the learning rate was "
            "lowered 3 times (otherwise it would have ended after epoch 25), its",
        ),
        (
            {"epochs": 60, "ended_by": "epoch limit", "lr_drops": 1, "first_stop": 0},
            {"epochs": 60},
            "the last epoch that was asked for, after the learning rate was lowered once.",
        ),
        ({"epochs": 1}, {}, "Trained for 1 epoch (the thesis allowed 100); ended"),
        ({"epochs": 7}, {}, "ended for a reason that the card does not say"),
    ],
)
def test_a_card_says_how_the_training_really_ended(training, config, end):
    assert end in training_end(model(training=training, config=config))


def test_a_card_that_says_nothing_of_its_training_is_not_guessed_at():
    assert training_end(model()) == "The card does not say how the training ended."
    assert description(model()) == "A network of parameters unknown."


def test_the_latent_is_compared_with_the_image():
    assert "409,600 values, **5.3 times as many** as" in description(model(latent=[80, 80, 64]))
    assert "38,400 values, **50%** of the number that" in description(model(latent=[10, 10, 384]))


def test_limits_say_what_the_model_was_trained_for():
    assert "the loss did not" in limits_of(model(config={}))
    mixed = {"lowest_weight": 0.001, "ssim_share": 0.02}
    assert "98% squared error and 2%" in limits_of(model(config=mixed))
    visual = {"lowest_weight": 0.001, "ssim_share": 0.0, "visual_share": 0.75}
    assert "being 25% squared error and 75% SSIMULACRA2;" in limits_of(model(config=visual))
    three = "being 30% squared error, 10% SSIM and 60% SSIMULACRA2;"
    shares = {"ssim_share": 0.1, "visual_share": 0.6}
    assert three in limits_of(model(config={"lowest_weight": 0.001, **shares}))
    found = limits_of(model(config={"lowest_weight": 0.001}))
    assert "distortion being squared error;" in found
    assert "the loss did not" not in found


def test_limits_say_which_images_the_model_was_trained_on():
    assert "small photographs of ten classes, resized to 160x160. For" in limits_of(model())
    assert "the data set `mine`, resized to 160x160. For" in limits_of(model(dataset="mine"))
    scanned = {"engine": {"name": "fit"}, "earlier_engines": [{"photographs": True}]}
    found = limits_of(model(dataset="imagenette160", training=scanned))
    assert "160x160, and on crops of larger photographs. For" in found


def test_only_an_autoencoder_of_the_thesis_is_held_against_its_epochs():
    training = {"epochs": 64, "ended_by": "epoch limit"}
    assert "the thesis allowed 100" in training_end(model(training=training))
    for_rate = model(training=training, config={"lowest_weight": 0.001})
    assert "thesis" not in training_end(for_rate)
