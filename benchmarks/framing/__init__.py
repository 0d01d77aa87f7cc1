"""The framing bench: simulated scenes with known truth, operators of the crop, and scores."""
