"""Pictures with masks: where they lie, what is in them, and the crops a network learns from."""
