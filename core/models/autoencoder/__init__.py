"""The autoencoders of the thesis."""
