"""A year of the procedure on a virtual clock, with made-up decisions, before anybody has to live through it."""
