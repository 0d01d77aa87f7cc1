"""The viewer room: one shot's picture encoded once a rendition and shared by all its viewers."""
