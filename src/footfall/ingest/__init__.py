"""Files, folders, URLs -> the raw zone, with checksums."""
