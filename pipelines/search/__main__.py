"""Searches the hyperparameters of an autoencoder, as the thesis did."""

from pipelines.search.step import main

if __name__ == "__main__":
    raise SystemExit(main())
