"""How good detection and framing are, in numbers."""
