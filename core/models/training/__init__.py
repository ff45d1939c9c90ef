"""Training that all models share: the loop, checkpoints, history, export, publication."""
