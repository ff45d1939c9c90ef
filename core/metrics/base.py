"""What every metric offers: one number for an image and its reconstruction."""

from typing import Protocol

from core.images import Image


class Metric(Protocol):
    """A metric module of `core.metrics`, seen as an object.

    Attributes:
        NAME: Column in the result tables, such as `psnr_db`.
        LABEL: Display label, unit included, such as `PSNR (dB)`.
        ORDER: Place in tables; a smaller number stands further left.
        HIGHER_IS_BETTER: Direction.
        RANGE: Smallest and largest finite value; optional. Imported values outside are refused,
            and pages write as many decimals as it needs: four up to 1, two where it is bounded.
        SMALLEST_SIDE: Fewest pixels of either side; optional. `measure` raises ValueError below.
        ON_SUBSET_ONLY: Whether evaluation measures it on the fixed subset of images only.
        DEFINITION: One sentence that says exactly what is computed.
    """

    NAME: str
    LABEL: str
    ORDER: int
    HIGHER_IS_BETTER: bool
    ON_SUBSET_ONLY: bool
    DEFINITION: str

    def measure(self, reference: Image, image: Image) -> float:
        """Value for `image` against `reference`; both uint8 RGB of one shape."""
