"""What the lake holds, for people and programs: an API and a dashboard, and who may use them."""
