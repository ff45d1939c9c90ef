"""What trainings left behind, read without Keras: histories, previews, model cards."""
