"""``python -m aqbio``: the command line."""

from aqbio.cli import main

main()
