"""Makes the data set: acquires the images, reads, splits, decodes and stores them."""
