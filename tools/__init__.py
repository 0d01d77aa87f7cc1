"""Programs for the people who make releases; nothing here is installed with the package."""
