"""What segments are called, in English and in French, and what to do with them."""
