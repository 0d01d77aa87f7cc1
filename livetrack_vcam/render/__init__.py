"""From a frame and a crop to the picture every sink gets (docs/adr/0003-planar-rendering.md)."""

from livetrack_vcam.render.renderer import Renderer, picture_rect

__all__ = ["Renderer", "picture_rect"]
