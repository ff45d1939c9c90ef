from core.training_records.history_facts import HistoryFacts


def test_the_facts_of_a_history_keep_the_names_that_stored_histories_have() -> None:
    assert HistoryFacts(model="mine", architecture="ae80", previews=(1, 2), run="x").record() == {
        "model": "mine",
        "architecture": "ae80",
        "config": {},
        "running": None,
        "strips": [1, 2],
        "run": "x",
        "ended_by": "",
        "minutes": None,
        "best_epoch": None,
        "stage_starts": [1],
        "first_stop": None,
        "undone_epochs": 0,
    }
