"""Runs of the evaluation in this process, and what they stored."""

from core.evaluation.results import load_results
from pipelines.evaluate import step as evaluate

TIMES = ["encode_seconds", "decode_seconds", "metric_seconds"]


def run(*arguments):
    return evaluate.main([*arguments, "--jobs", "2"])


def measured(store, dataset="imagenette160"):
    results = load_results(store, dataset)
    assert results.problems == ()
    return results


def manifests_below(store, prefix):
    return {key: store.manifest(key).created for key in store.keys(prefix)}
