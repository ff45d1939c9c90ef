"""The library of Bottleneck: images, codecs, metrics, evaluation and the artifact store."""

import os

# A thread of OpenBLAS waits for its next product by spinning, for tens of milliseconds unless told
# otherwise: on a core that ONNX Runtime needs in between. OpenBLAS reads this when NumPy is loaded;
# 4 is the shortest wait that it takes.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
