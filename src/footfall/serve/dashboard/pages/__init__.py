"""The pages, one file each: what it shows, and its texts in both languages."""
