"""What each step decides: plain Python without engine, web or commit."""
