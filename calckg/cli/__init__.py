"""The command line: ``calckg COMMAND``. Errors become one line and an exit code here, and nowhere else."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading

from calckg import running
from calckg.errors import CalckgError, lack
from calckg.printable import printable


def program() -> None:
    """Be the program ``calckg``: ``main``, and an end without delay.

    Python takes apart what is in memory, which takes as long as some commands: a tenth of a second with DuckDB. What
    reaches beyond memory is put in order here: output, connections with what they have put by on a disk, and all that
    has asked to be told of the end. Where that fails, or a thread is still at work, the end is Python's own.
    """
    try:
        main()
    except SystemExit as ended:
        others = (one for one in threading.enumerate() if one is not threading.main_thread())
        if not isinstance(ended.code, int) or not all(one.daemon for one in others):
            raise
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            raise ended from None
        running.close()
        atexit._run_exitfuncs()
        os._exit(ended.code)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 findings, 2 wrong usage, 3 could not do the job."""
    if sys.stdout is None:  # closed by the shell: >&-
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line with ``arguments`` (``sys.argv`` without them) and return its exit code."""
    from calckg.cli.group import root_command

    try:
        with running.ending_statements():
            code = root_command().main(args=arguments, prog_name="calckg", standalone_mode=False)
    except CalckgError as error:
        if "_CALCKG_COMPLETE" in os.environ:  # someone is typing: the shell would show the line in the middle of theirs
            return error.exit_code
        return _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return running.exit_code()
    except SystemExit as error:
        if not isinstance(error.__context__, BrokenPipeError):  # Typer's way to end when the reader has gone
            raise
        running.silence(1, 2)
        return 0
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _complain(f"{place}{error.strerror or error}; free some space or choose another place", 3)
    except Exception as error:
        if running.caused(error):
            return running.exit_code()
        if (why := lack(error)) is not None:
            return _complain(why, 3)
        # Typer's own errors (an unknown option, a missing argument) share these two names and no public base class.
        if not (hasattr(error, "format_message") and hasattr(error, "exit_code")):
            raise
        context, message = getattr(error, "ctx", None), " ".join(error.format_message().split())
        if not message:  # no command was given: the help that is shown says enough
            return int(error.exit_code)
        where = f" (see {context.command_path} --help)" if context is not None else ""
        return _complain(f"{message}{where}", int(error.exit_code))
    if code == 128 + signal.SIGINT:  # Typer's own, of whatever signal it was
        return running.exit_code()
    return code if isinstance(code, int) else 0


def _complain(message: str, code: int) -> int:
    try:
        print(printable(f"calckg: {' '.join(message.split())}"), file=sys.stderr)
    except BrokenPipeError:
        running.silence(2)
    return code
