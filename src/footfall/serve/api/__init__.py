"""The API. `create_app` makes it; `footfall serve` runs it."""
