"""How a message leaves the building: one module per channel, one contract."""
