import json

import numpy as np
import pytest

from core.entropy.latent_tables import fit_latent_tables
from core.entropy.range_coding import SymbolWriter
from core.store import ArtifactStore
from core.training_records.model_cards import (
    channel_bits,
    check_files,
    learned_codecs,
    measured_channel_bits,
    read_cards,
    read_tables,
)

CARD = {
    "latent": [40, 40, 64],
    "stride": 4,
    "multiply_adds_per_pixel": {"encoder": 10, "decoder": 20},
    "data": "abc",
    "config": {"filters": [32, 64], "activation": "leaky_relu"},
}


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


@pytest.fixture(scope="module")
def latent():
    """Latents of which each channel spreads twice as far as the one before it."""
    generator = np.random.default_rng(5)
    return generator.normal(0, [0.25, 0.5, 1.0, 2.0], (4, 40, 40, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def tables(latent):
    image = np.zeros((1, 8, 8, 3), np.uint8)
    return fit_latent_tables(lambda batch: latent, lambda: iter([image]))


def commit(store, name="ae40", *, card=CARD, **files):
    contents = {f"{name}/card.json": json.dumps(card).encode()}
    contents |= {f"{name}/{file.replace('_', '.')}": data for file, data in files.items()}
    store.commit(f"models/{name}", contents, facts={})


def test_a_store_without_models_lists_every_learned_codec_as_untrained(store):
    cards, problems, untrained = read_cards(store)
    assert (cards, problems) == ({}, ())
    assert {error.key for error in untrained} == {f"models/{name}" for name in learned_codecs()}
    assert {"ae20", "ae40", "ae80"} <= set(learned_codecs())


def test_a_card_gives_its_figures(store):
    commit(store)
    model = read_cards(store).cards["ae40"]
    assert model.latent == (40, 40, 64)
    assert model.values_per_pixel == 4.0
    assert model.multiply_adds_per_pixel == {"encoder": 10, "decoder": 20}
    assert model.data_digest == "abc"
    assert model.bytes_on_disk == len(json.dumps(CARD))


def test_a_card_that_says_little_leaves_the_rest_unknown(store):
    commit(store, "other", card={})
    model = read_cards(store).cards["other"]
    assert (model.latent, model.values_per_pixel, model.data_digest) == (None, None, None)
    assert model.layers == ()
    assert (model.label, model.architecture) == ("other", "other")


@pytest.mark.parametrize(
    "content",
    [
        "[1, 2]",
        "{",
        "[" * 100_000,
        '{"latent": [1, 2]}',
        '{"stride": "x"}',
        '{"training": []}',
        '{"layers": [5]}',
        '{"parameters": 1e999}',
    ],
)
def test_a_card_that_is_none_is_called_damaged(store, content):
    store.commit("models/ae40", {"ae40/card.json": content.encode()}, facts={})
    commit(store, "ae80")
    cards, problems, _ = read_cards(store)
    assert list(cards) == ["ae80"]
    assert [problem.key for problem in problems] == ["models/ae40"]


def test_a_card_holds_the_layers_of_a_model_of_any_build(store):
    record = {"step": "A step", "height": 4, "width": 5, "channels": 6, "part": "latent"}
    commit(store, "other", card={"layers": [record]})
    (layer,) = read_cards(store).cards["other"].layers
    assert (layer.step, layer.values, layer.part) == ("A step", 120, "latent")


@pytest.mark.parametrize(
    ("said", "epochs", "shown"),
    [
        ("hand", 19, "epoch limit"),
        ("hand", 7, "stopped by hand"),
        ("last epoch", 19, "epoch limit"),
        ("early stopping", 7, "early stopping"),
        ("stopped by hand", 19, "stopped by hand"),
        (None, 7, None),
    ],
)
def test_a_card_says_how_its_training_ended(store, said, epochs, shown):
    training = {"epochs": epochs} | ({"ended_by": said} if said else {})
    commit(store, "other", card={"training": training, "config": {"epochs": 19}})
    assert read_cards(store).cards["other"].training.ended_by == shown


def test_the_shipped_cards_say_how_their_trainings_ended():
    cards = read_cards(ArtifactStore.default()).cards
    rules = {"early stopping", "epoch limit", "time limit", "stopped by hand", "divergence"}
    assert {card.training.ended_by for card in cards.values()} <= rules
    assert all(card.layers for card in cards.values())


def test_a_network_that_was_trained_for_rate_has_no_quality_of_a_float_latent(store):
    measured = {"validation": {"psnr_db": 38.2, "ssim": 0.99, "images": 9}}
    commit(store, "plain", card=CARD | measured)
    commit(store, "coded", card=CARD | measured | {"config": {"lowest_weight": 0.001}})
    cards = read_cards(store).cards
    assert cards["plain"].validation.psnr_db == 38.2
    assert cards["coded"].validation is None
    assert [card.is_trained_for_rate for card in cards.values()] == [True, False]


def test_checking_names_what_is_changed_missing_and_whole(store):
    commit(store, one_txt=b"one", two_txt=b"two")
    model = read_cards(store).cards["ae40"]
    folder = store.root / "models" / "ae40"
    (folder / "one.txt").write_bytes(b"eno")
    (folder / "two.txt").unlink()
    faults = {check.name: check.fault for check in check_files(store, model)}
    assert faults["ae40/card.json"] is None
    assert "content" in faults["ae40/one.txt"]
    assert "does not exist" in faults["ae40/two.txt"]


def test_layers_run_from_the_image_over_the_latent_to_the_image(store):
    commit(store)
    found = read_cards(store).cards["ae40"].layers
    assert [(layer.height, layer.width) for layer in (found[0], found[-1])] == [(160, 160)] * 2
    (latent,) = [layer for layer in found if layer.part == "latent"]
    assert (latent.height, latent.width, latent.channels) == (40, 40, 64)
    assert latent.values == 102_400
    assert [layer.channels for layer in found] == [3, 32, 32, 64, 64, 64, 64, 32, 32, 3]


def test_the_learned_codec_has_layers_and_channels_of_its_own(store):
    blocks = {"analysis_blocks": [4, 0], "synthesis_blocks": [6, 1]}
    config = {"width": 128, "deep_width": 192, **blocks}
    card = CARD | {"latent": [10, 10, 320], "stride": 16, "config": config}
    facts = card | {"channel_bits": {"1": [0.5, 0.25], "60": [2.0, 1.0]}}
    files = {"bottleneck/card.json": json.dumps(facts).encode()}
    store.commit("models/bottleneck", files, facts={})
    model = read_cards(store).cards["bottleneck"]
    found = model.layers
    assert [found[0][1:4], found[-1][1:4]] == [(160, 160, 3)] * 2
    assert [layer[1:4] for layer in found if layer.part == "latent"] == [(10, 10, 320)]
    named = [layer.step for layer in found if "residual" in layer.step]
    assert named == ["4 residual blocks", "1 residual block", "6 residual blocks"]
    assert measured_channel_bits(model)[60].tolist() == [2.0, 1.0]


def test_a_channel_that_spreads_twice_as_far_costs_a_bit_more(tables):
    assert np.diff(channel_bits(tables, 80)) == pytest.approx([1, 1, 1], abs=0.1)


@pytest.mark.parametrize("quality", [60, 80])
def test_the_rates_of_channels_are_what_coding_takes(tables, latent, quality):
    step_tables = tables.at(quality)
    symbols = tables.symbols(latent, step_tables).reshape(-1, 4)
    writer = SymbolWriter()
    for channel, table in zip(symbols.T, step_tables.tables, strict=True):
        writer.write(channel.astype(np.int32), table)
    coded = 8 * len(writer.finish())
    assert coded == pytest.approx(channel_bits(tables, quality).sum() * len(symbols), rel=0.005)


def test_tables_are_read_where_there_are_some(store, tables):
    commit(store, tables_npz=tables.to_bytes())
    commit(store, "ae80")
    assert np.array_equal(read_tables(store, "ae40").counts, tables.counts)
    assert read_tables(store, "ae80") is None
