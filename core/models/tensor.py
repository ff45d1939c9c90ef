"""The tensor type of any Keras backend."""

from typing import Any, TypeAlias

#: A tensor of whichever backend Keras runs on, or a symbolic `keras.KerasTensor` while a network
#: is built. The backends share no base class, so a type checker can only know the name.
Tensor: TypeAlias = Any
