"""How a case moves: the diagrams and the only code that runs them."""
