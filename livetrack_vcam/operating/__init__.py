"""What an operator sees and does: status, hints, presets, orders, and the words of `ctl`."""
