"""The data plane of a running camera: capture, detection and the stage that draws every picture."""
