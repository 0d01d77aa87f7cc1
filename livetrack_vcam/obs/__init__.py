"""OBS through obs-websocket 5: setting it up, saying how it is, and following what it shows."""
