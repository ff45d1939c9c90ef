"""Definitions of terms in one or two sentences, shown as `help=` of widgets and columns."""

from core.metrics import psnr_db, ssim

BITS_PER_PIXEL = (
    "8 x the bytes of the whole file, headers included, divided by the number of pixels. "
    "An image that is not compressed has 24."
)
PSNR = f"{psnr_db.DEFINITION} Higher is better; a lossless image has an infinite PSNR."
SSIM = f"{ssim.DEFINITION} 1 is a perfect copy."
BD_RATE = (
    "Bjontegaard delta rate: mean difference in bytes at equal quality, over the range of quality "
    "that both curves cover. -20 % means: a fifth fewer bytes for the same quality."
)
INTERVAL = (
    "95 % bootstrap interval: the images are drawn anew, with replacement, some hundred times, "
    "and 95 % of the results lie inside."
)
FLOAT_LATENT = (
    "The thesis measured the reconstruction from the floating-point latent. That is no file; the "
    "latent becomes one when it is quantised and entropy-coded, which costs quality."
)
