"""Pixels: from a frame and a crop to the picture that is shown, and what is drawn on it."""
