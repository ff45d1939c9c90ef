"""Makes the data set: acquires the pictures, reads, splits, decodes and stores them."""
