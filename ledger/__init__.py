"""台账: what is true and what must be remembered. Imports no other room."""
