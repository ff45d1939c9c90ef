"""Searches the hyperparameters of an autoencoder, as the thesis did."""
