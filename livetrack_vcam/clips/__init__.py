"""A finished clip in, a reframed one out: looked through in one go, with the whole future known."""
