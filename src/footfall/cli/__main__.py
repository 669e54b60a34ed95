"""`python -m footfall.cli` is `footfall`."""

from footfall.cli import main

main()
