"""The library of Bottleneck: pictures, codecs, metrics, evaluation and the artifact store."""
