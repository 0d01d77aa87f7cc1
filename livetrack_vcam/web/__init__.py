"""The daemon's web server."""

OWN_HEADER = "LiveTrack-Version"
"""In every answer of ours, so that a client can tell us from another program on the port."""
