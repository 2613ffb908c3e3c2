"""``python -m calckg``: the command line."""

from calckg.cli import program

program()
