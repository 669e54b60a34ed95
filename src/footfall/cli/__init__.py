"""The command line: options in, a result told so that a person or a script can read it. No logic of its own."""

from footfall.cli.commands import app, main

__all__ = ["app", "main"]
