"""Who is asking, and what do they see."""
