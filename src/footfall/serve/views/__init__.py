"""What is asked of the published tables: the same answers for the API and the dashboard.

Nothing here reads events or anything of a stage's own; tables are read at their current versions, while runs write.
"""
