"""The command line: help, exit codes, and one line for each kind of bad input."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest

from calckg import cli, lines, queries, rdf
from calckg.cli.group import COMMANDS, root_command
from calckg.kg import KnowledgeGraph
from tests.conftest import Run
from tests.endpoint import Answer, serving

pytestmark = pytest.mark.usefixtures("bundled")

CALCKG = [sys.executable, "-m", "calckg"]
QUERY = ("query", "conditions-with-feature", "--feature", "HP:0004934")
ROW = "SELECT ?a ?b { VALUES (?a ?b) { (<http://purl.obolibrary.org/obo/HP_0004934> 'é') } }"
TURTLE = "<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a file of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.ttl").write_text(TURTLE)
    (tmp_path / "bad.ttl").write_text(TURTLE + "<https://example.org/a> <https://example.org/b> .\n")
    (tmp_path / "empty.ttl").touch()
    (tmp_path / "latin1.rq").write_bytes("SELECT * { ?s ?p 'é' }".encode("latin-1"))
    (tmp_path / "query.rq").write_text(ROW)
    (tmp_path / "cut.ttl.gz").write_bytes(gzip.compress(TURTLE.encode())[:-10])
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "directory").mkdir()
    return tmp_path


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# help


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS), QUERY[:2]], ids=" ".join)
def test_help_says_how_to_use_it(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: {' '.join(['calckg', *arguments])} " in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_every_option_with_what_it_does(run: Run, name: str) -> None:
    out = run(name, "--help").out
    command = root_command().get_command(None, name)
    for parameter in command.params:
        assert parameter.help, f"{name} {parameter.name}"
        assert all(option in out for option in parameter.opts if option.startswith("--"))


def test_help_lists_every_command_and_the_exit_codes(run: Run) -> None:
    out = run("--help").out
    assert all(f"│ {name} " in out for name in COMMANDS)
    assert "Exit codes: 0 done, 1 findings at or above --fail-on, 2 wrong usage, 3 could not do the job." in out


@pytest.mark.parametrize("name", queries.names())
def test_help_of_a_stored_query_tells_its_parameters_and_an_example(run: Run, name: str) -> None:
    stored = queries.load(name)
    out = run("query", name, "--help").out
    assert all(param.option in out for param in stored.params.values())
    assert f"Example: calckg query {name}" in out


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    done = run()
    assert (done.code, done.err) == (2, "")
    assert "Usage: calckg " in done.out


def test_without_a_query_the_help_is_shown(run: Run) -> None:
    done = run("query")
    assert (done.code, done.err) == (2, "")
    assert "conditions-with-feature" in done.out


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").out == f"calckg {version('calckg')}\n"


def test_python_runs_the_package() -> None:
    done = subprocess.run([*CALCKG, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("calckg ")


# bad input: one line, an exit code, the way out

NEAREST = [
    (("qurey",), "unknown command 'qurey'; did you mean query?"),
    (("query", "concept-crd"), "unknown query 'concept-crd'; did you mean concept-card"),
    (("query", "--lst"), "--list"),
    ((*QUERY[:2], "--featre", "HP:0004934"), "--feature"),
    (("stats", "--fromat", "csv"), "--format"),
    ((*QUERY[:3], "HP:0004935"), "unknown concept 'HP:0004935'; did you mean HP:0004934"),
    ((*QUERY[:3], "Vascular calcificatoin"), "did you mean Vascular calcification"),
    ((*QUERY[:3], "HQ:0004934"), "unknown prefix 'HQ'; did you mean HP"),
    ((*QUERY[:3], "HP:12"), "HP:12: expected 7 digits, e.g. 0004934"),
    ((*QUERY[:3], "SCTID:237897008"), "the check digit is 8, 9 expected"),
    ((*QUERY, "--format", "jsno"), "unknown format 'jsno'; did you mean json? (one of: table, csv, tsv, json, xml"),
    (("show", "HP:0004935"), "did you mean HP:0004934"),
    (("dump", "--root", "HP:0004935"), "did you mean HP:0004934"),
    (("dump", "--format", "turtel"), "unknown format 'turtel'; did you mean turtle?"),
    (("validate", "good.ttl", "--fail-on", "warnin"), "unknown severity 'warnin'; did you mean warning?"),
    (("reason", "--format", "jason"), "unknown format 'jason'; did you mean json?"),
]  # fmt: skip
USAGE = [
    (("show",), "Missing argument"),
    ((QUERY[:2]), "Missing option '--feature'"),
    ((QUERY[:3]), "Option '--feature' requires an argument"),
    ((*QUERY, "more"), "unexpected extra argument"),
    ((*QUERY[:3], ""), "the concept is empty; give a code such as HP:0004934, or a name"),
    ((*QUERY[:3], "HP:0004934> . ?s ?p ?o"), "unknown concept"),
    ((*QUERY[:3], "\udcff"), "is not UTF-8; check the terminal's encoding"),
    (("sparql",), "give the query as an argument, or a file with -f, and not both"),
    (("sparql", "ASK {}", "-f", "query.rq"), "give the query as an argument, or a file with -f, and not both"),
    (("sparql", "SELECT *\nWHERE ?s"), "the query is malformed at line 2, column 7"),
    (("sparql", "DROP ALL"), "DROP is an update, and this command only reads"),
    (("sparql", "SELECT * { SERVICE <http://127.0.0.1:1/> {} }"), "SERVICE asks another server and is refused"),
    (("sparql", "SELECT * FROM <file:///etc/passwd> {}"), "no named graph of this name here, and nothing is fetched"),
    (("sparql", "-f", "latin1.rq"), "latin1.rq: not UTF-8 at byte 18"),
    (("sparql", "ASK {}", "--endpoint", "example.org"), "not an http(s) address"),
    (("stats", "--endpoint", "http://127.0.0.1:1/"), "No such option: --endpoint"),
    (("dump", "--kg", "directory", "--endpoint", "http://127.0.0.1:1/"), "--kg and --endpoint name two graphs"),
    (("stats", "-o", "none/a.csv"), "none/a.csv: the folder {folder}/none does not exist; make it first"),
    (("stats", "-o", "directory"), "directory: this is a directory; name a file in it"),
    (("stats", "-o", "directory", "--format", "csv"), "directory: this is a directory; name a file in it"),
    (("stats", "-o", "a.odt"), "a.odt: the suffix .odt does not tell a format; add --format with one of table, csv"),
    (("stats", "-o", "a"), "a: the suffix (none) does not tell a format"),
    (("validate", "notes.txt"), "notes.txt: the suffix .txt does not tell a format"),
    (("stats", "-o", "good.ttl/a.csv"), "can't be written"),
]  # fmt: skip
FAILED = [
    (("sparql", "-f", "none.rq"), "none.rq: no such file"),
    (("sparql", "-f", "directory"), "directory: this is a directory"),
    (("sparql", "-f", "empty.ttl"), "empty.ttl: the file is empty"),
    (("validate", "none.ttl"), "none.ttl: no such file"),
    (("validate", "directory"), "directory: this is a directory"),
    (("validate", "empty.ttl"), "empty.ttl: the file is empty"),
    (("validate", "bad.ttl"), "bad.ttl:2:49: not well formed"),
    (("validate", "good.ttl", "bad.ttl"), "bad.ttl:2:49: not well formed"),
    (("validate", "cut.ttl.gz"), "cut.ttl.gz: not a whole gzip file"),
    (("validate", "good.ttl", "--shapes", "none.ttl"), "none.ttl: no such file"),
    (("validate", "good.ttl", "--shapes", "bad.ttl"), "bad.ttl:2:49: not well formed"),
    (("validate", "good.ttl", "--shapes", "good.ttl"), "good.ttl: there is no shape in it"),
    (("stats", "--kg", "none"), "none: no such graph directory"),
    (("stats", "--kg", "directory"), "directory: not a built graph"),
    ((*QUERY, "--kg", "good.ttl"), "good.ttl: not a built graph"),
    ((*QUERY, "--endpoint", "http://127.0.0.1:1/"), "can't be reached"),
]  # fmt: skip


def told(run: Run, folder: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    before = left(folder)
    done = run(*arguments)
    assert (done.code, done.out) == (code, "")
    assert message.format(folder=folder.resolve()) in done.complaint
    assert done.complaint.startswith("calckg: ")
    assert left(folder) == before


@pytest.mark.parametrize(("arguments", "message"), NEAREST, ids=[" ".join(case[0]) for case in NEAREST])
def test_an_unknown_name_is_told_with_the_nearest(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    told(run, folder, arguments, 2, message)


@pytest.mark.parametrize(("arguments", "message"), USAGE, ids=[ascii(" ".join(case[0])) for case in USAGE])
def test_wrong_usage_is_one_line_and_exits_with_2(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    told(run, folder, arguments, 2, message)


@pytest.mark.parametrize(("arguments", "message"), FAILED, ids=[" ".join(case[0]) for case in FAILED])
def test_what_can_not_be_done_is_one_line_and_exits_with_3(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    told(run, folder, arguments, 3, message)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_an_unreadable_file_is_one_line(run: Run, folder: Path) -> None:
    (folder / "good.ttl").chmod(0)
    told(run, folder, ("validate", "good.ttl"), 3, "good.ttl: no permission to read this file")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_an_unwritable_folder_is_one_line(run: Run, folder: Path) -> None:
    (folder / "directory").chmod(0o500)
    told(run, folder, ("stats", "-o", "directory/a.csv"), 2, "can't be written (Permission denied)")


def test_standard_input_that_is_not_utf8_is_one_line(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SELECT \xff")))
    told(run, folder, ("sparql", "-"), 2, "-: not UTF-8 at byte 7")


def test_too_little_memory_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to pin a block\n\nPossible solutions: SET it")

    monkeypatch.setattr("calckg.cli.stats.emit", full)
    done = run("stats")
    assert (done.code, done.complaint) == (
        3,
        "calckg: Out of Memory Error: failed to pin a block; is the memory, or the disk, full? "
        "Free some, or let TMPDIR name a larger disk",
    )


def test_a_full_disk_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.csv")

    monkeypatch.setattr("calckg.cli.stats.emit", full)
    done = run("stats")
    assert (done.code, done.complaint) == (
        3,
        "calckg: a.csv: No space left on device; free some space or choose another place",
    )


def test_a_fault_of_the_program_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("calckg.cli.stats.emit", faulty)
    with pytest.raises(ZeroDivisionError):
        run("stats")


# output: whole or not at all, standard output is data


def test_a_failed_command_leaves_the_old_file(run: Run, folder: Path) -> None:
    (folder / "old.csv").write_text("old")
    run("sparql", "SELECT * {", "-o", "old.csv")
    assert (folder / "old.csv").read_text() == "old"


def test_a_dump_that_breaks_off_leaves_nothing(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    before = left(folder)
    monkeypatch.setattr(lines, "write", breaking)
    assert run("dump", "-o", "a.nq").code == 3
    assert left(folder) == before


def test_output_to_a_file_says_nothing(run: Run, folder: Path) -> None:
    done = run(*QUERY, "-o", "a.csv")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "Gaucher disease type III" in (folder / "a.csv").read_text()


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("a.csv", "condition,"),
        ("a.tsv", "?condition\t"),
        ("a.json", "{"),
        ("a.srx", "<?xml"),
        ("a.md", "| condition |"),
        ("a.txt", "condition "),
    ],
)
def test_the_suffix_tells_the_format_of_rows(run: Run, folder: Path, name: str, begin: str) -> None:
    assert run(*QUERY, "-o", name).code == 0
    assert (folder / name).read_text().startswith(begin)


def test_an_explicit_format_goes_before_the_suffix(run: Run, folder: Path) -> None:
    run(*QUERY, "-o", "a.csv", "--format", "json")
    json.loads((folder / "a.csv").read_text())


def test_a_name_that_ends_in_gz_is_compressed(run: Run, folder: Path) -> None:
    run(*QUERY, "-o", "a.csv.gz")
    assert gzip.decompress((folder / "a.csv.gz").read_bytes()).startswith(b"condition,")


def test_not_on_a_terminal_rows_are_csv(run: Run) -> None:
    done = run(*QUERY)
    assert (done.code, done.err) == (0, "")
    assert len(list(csv.DictReader(io.StringIO(done.out, newline="")))) > 1


def test_on_a_terminal_rows_are_a_table() -> None:
    leader, follower = os.openpty()
    done = subprocess.run([*CALCKG, "sparql", ROW], stdout=follower, check=True)
    os.close(follower)
    shown = b""
    try:
        while piece := os.read(leader, 65536):
            shown += piece
    except OSError:  # the end, on Linux
        pass
    os.close(leader)
    assert done.returncode == 0
    assert "┏".encode() in shown
    assert b"HP:0004934" in shown


# each command does its work


def test_stored_queries_are_listed(run: Run) -> None:
    out = run("query", "--list").out
    assert all(name in out for name in queries.names())


@pytest.mark.parametrize("code", ["HP:0004934", "medgen:C0342649", "SCTID:237897009", "vascular calcification"])
def test_a_stored_query_answers_alike_by_any_code_or_name(run: Run, code: str) -> None:
    assert run(*QUERY[:3], code).out == run(*QUERY).out


def test_a_query_is_read_from_an_argument_a_file_or_standard_input(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ROW.encode())))
    outs = {run("sparql", ROW).out, run("sparql", "-f", "query.rq").out, run("sparql", "-").out}
    assert outs == {"a,b\r\nhttp://purl.obolibrary.org/obo/HP_0004934,é\r\n"}


@pytest.mark.parametrize(
    ("format", "out"),
    [("csv", "true\n"), ("json", '{"head":{},"boolean":true}'), ("table", "true\n")],
)
def test_an_ask_is_answered(run: Run, format: str, out: str) -> None:
    assert run("sparql", "ASK {}", "--format", format).out == out


def test_an_ask_in_xml_is_sparql_xml(run: Run) -> None:
    assert "<boolean>false</boolean>" in run("sparql", "ASK { FILTER(false) }", "--format", "xml").out


@pytest.mark.parametrize("format", rdf.FORMATS)
def test_a_construct_is_written_in_every_format(run: Run, format: str) -> None:
    out = run("sparql", "CONSTRUCT WHERE { <http://purl.obolibrary.org/obo/HP_0004934> ?p ?o }", "--format", format).out
    assert len(list(ox.parse(out, format=rdf.FORMATS[format]))) > 3


def test_a_format_of_rows_is_none_for_a_graph(run: Run, folder: Path) -> None:
    told(run, folder, ("sparql", "DESCRIBE <urn:x:a>", "--format", "csv"), 2, "unknown format 'csv'")


def test_show_is_a_page_of_the_concept(run: Run) -> None:
    out = run("show", "SCTID:237897009").out
    assert out.startswith("Vascular calcification")
    assert "Gaucher disease type III" in out


@pytest.mark.parametrize("format", ["text", "markdown", "json"])
def test_show_is_the_same_by_any_code(run: Run, format: str) -> None:
    pages = [run("show", code, "--format", format).out for code in ("HP:0004934", "medgen:C0342649")]
    if format == "json":
        asked = [json.loads(page).pop("asked") for page in pages]
        assert asked == ["HP:0004934", "medgen:C0342649"]
        pages = [page.replace('"asked": "medgen:C0342649"', '"asked": "HP:0004934"') for page in pages]
    assert pages[0] == pages[1]


def test_a_dump_of_a_root_is_turtle(run: Run) -> None:
    done = run("dump", "--root", "HP:0004934")
    assert (done.code, done.err) == (0, "")
    assert list(ox.parse(done.out, format=ox.RdfFormat.TURTLE))


@pytest.mark.parametrize(("format", "begin"), [("csv", "what,of,count\n"), ("json", "[\n"), ("markdown", "| what |")])
def test_stats_are_written_in_every_format(run: Run, format: str, begin: str) -> None:
    assert run("stats", "--format", format).out.startswith(begin)


def test_a_built_graph_is_asked_by_option_or_environment(
    run: Run, bundled: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bundled._directory
    assert folder is not None
    by_option = run("sparql", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "--kg", folder)
    monkeypatch.setenv("CALCKG_KG", str(folder))
    assert run("sparql", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == by_option


def test_an_endpoint_is_asked(run: Run, bundled: KnowledgeGraph) -> None:
    store = ox.Store.read_only(f"{bundled._directory}/store")
    with serving(Answer(store=store)) as url:
        assert run(*QUERY, "--endpoint", url) == run(*QUERY)


def test_an_endpoint_goes_before_the_environment_s_graph(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCKG_KG", "/none")
    with serving(Answer(b'{"head":{},"boolean":true}')) as url:
        assert run("sparql", "ASK {}", "--endpoint", url).out == "true\n"


# quiet ends


def test_a_closed_pipe_ends_quietly() -> None:
    with subprocess.Popen([*CALCKG, "dump"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


def test_a_pipe_that_is_closed_from_the_start_ends_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*CALCKG, "stats"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_standard_output_that_is_closed_does_no_harm() -> None:
    done = subprocess.run(f"'{sys.executable}' -m calckg stats >&-", shell=True, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


INTERRUPTED = """
import os, signal, time
from calckg import cli
from calckg.cli import stats

def emit(*_):
    os.kill(os.getpid(), signal.SIGINT)  # what Ctrl-C in the terminal does
    time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background is started without it
stats.emit = emit
cli.main(["stats"])
"""


IN_A_STATEMENT = """
import os, signal
from threading import Timer
from calckg import cli, columnar
from calckg.cli import stats

def emit(*_):
    Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    endless = "SELECT sum(hash(range)) FROM range(1000000000000)"
    columnar.connect().execute(" UNION ALL ".join([endless] * 4))  # one for each thread of DuckDB's, at least

signal.signal(signal.SIGINT, signal.default_int_handler)
stats.emit = emit
cli.main(["stats"])
"""


ENDED = """
import os, signal, sys, tempfile, time
from calckg import cli, columnar
from calckg.cli import stats
from threading import Timer

number = int(sys.argv[1])

def emit(*_):
    with tempfile.TemporaryDirectory():
        Timer(0.1, os.kill, (os.getpid(), number)).start()
        if sys.argv[2] == "Python":
            time.sleep(60)
        endless = "SELECT sum(hash(range)) FROM range(1000000000000)"
        columnar.connect().execute(" UNION ALL ".join([endless] * 4))

signal.signal(number, signal.SIG_DFL)
stats.emit = emit
cli.main(["stats"])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("place", ["Python", "statement"])
def test_a_signal_that_ends_the_program_leaves_nothing_behind(tmp_path: Path, number: int, place: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(int(number)), place],
        capture_output=True,
        check=False,
        timeout=50,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", [INTERRUPTED, IN_A_STATEMENT], ids=["in Python", "in a statement of two threads"])
def test_ctrl_c_ends_quietly_with_130(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=50)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_ctrl_c_in_a_command_leaves_nothing_partial(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = left(folder)
    monkeypatch.setattr(lines, "write", interrupted)
    done = run("dump", "-o", "a.nq")
    assert (done.code, done.out, done.err) == (130, "", "")
    assert left(folder) == before


ENDS = """
import atexit, sys, tempfile, threading, time
from pathlib import Path
from calckg import cli, columnar

folder = tempfile.TemporaryDirectory(dir=sys.argv[1])
connection = columnar.connect()
connection.execute("SET memory_limit = '30MB'")

def run(arguments):
    connection.execute("CREATE TEMP TABLE large AS SELECT range AS n, hash(range) AS h FROM range(3_000_000)")
    assert len(list(Path(sys.argv[1]).iterdir())) == 2
    if sys.argv[2] == "thread":
        threading.Thread(target=lambda: (time.sleep(0.5), print("thread"))).start()
    print("out")
    return 3

cli.run = run
atexit.register(lambda: sys.stderr.write("asked\\n"))
cli.program()
"""


@pytest.mark.parametrize("kind", ["plain", "thread"])
def test_the_program_leaves_nothing_behind_and_waits_for_what_is_at_work(tmp_path: Path, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(tmp_path), kind],
        capture_output=True,
        check=False,
        timeout=50,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    out = b"out\nthread\n" if kind == "thread" else b"out\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, out, b"asked\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_output_that_is_lost_in_the_end_is_an_error() -> None:
    program = "from calckg import cli; cli.run = lambda arguments: print('x') or 0; cli.program()"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False, timeout=50
        )
    assert done.returncode != 0
    assert b"No space left" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize(("arguments", "place"), [(("-o", "/dev/full"), "/dev/full"), ((), "standard output")])
def test_where_no_space_is_left_is_told(arguments: tuple[str, ...], place: str) -> None:
    command = [sys.executable, "-m", "calckg", "validate", "--format", "csv", *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=50)
    assert done.returncode == 3
    assert f"calckg: {place}: No space left on device; free some space".encode() in done.stderr


def test_main_exits_with_the_code_of_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "run", lambda arguments: 3)
    with pytest.raises(SystemExit) as caught:
        cli.main([])
    assert caught.value.code == 3
