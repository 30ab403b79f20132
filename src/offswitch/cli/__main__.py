"""``python -m offswitch.cli``: the command line without its script."""

from offswitch.cli import main

main()
