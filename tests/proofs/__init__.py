"""The long runs of what `tests/` proves with a short seed."""
