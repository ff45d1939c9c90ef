"""What a training computes with: backend, precision and accelerator."""

import keras


def arithmetic(precision: str) -> str:
    """Such as `tensorflow float32`, or `jax mixed_bfloat16 on NVIDIA H100` on an accelerator.

    Args:
        precision: Precision of the model.
    """
    device = accelerator()
    return f"{keras.backend.backend()} {precision}{f' on {device}' if device else ''}"


def accelerator() -> str:
    """Kind of the first accelerator that JAX or TensorFlow uses; empty where it uses CPUs."""
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return "" if device.platform == "cpu" else str(device.device_kind)
    if keras.backend.backend() != "tensorflow":
        return ""
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(found[0]) if found else {}
    return str(details.get("device_name", "a GPU")) if found else ""
