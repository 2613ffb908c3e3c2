"""Fetching: a file gets its name only when it is whole, and what has come is not asked for twice."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest

import calckg.fetch
from calckg.errors import CalckgError, SourceError, UnknownNameError, UsageError
from calckg.fetch import Limits, Patience, Release, Watcher, download, fetch, load, notes, transport
from calckg.fetch.download import checksum
from calckg.fetch.notes import Note
from calckg.fetch.transport import RefusedError, redirected
from tests.conftest import Run
from tests.publisher import MONDAY, TUESDAY, Act, Page, Publisher, publishing, until

BODY = bytes(range(256)) * 8192  # 2 MiB
HALF = len(BODY) // 2


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine's has no part in it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def site() -> Iterator[Publisher]:
    with publishing({"/hp.json": Page(BODY)}) as publisher:
        yield publisher


@pytest.fixture
def page(site: Publisher) -> Page:
    return site.pages["/hp.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "releases.toml"
    head = 'title = "T"\npublisher = "P"\nlicense = "https://example.org/licence"\n'
    head += 'landing_page = "https://example.org/page"\nsize = "1 MB"\n'
    path.write_text(text.replace("]\n", "]\n" + head, 1))
    return path


def releases(site: Publisher, tmp_path: Path, more: str = 'files = ["hp.json"]') -> list[Release]:
    return list(load(table(tmp_path, f'[hpo]\nbase = "{site.address}/"\n{more}\n')).values())


class Heard(Watcher):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int, int | None]] = []
        self.bytes = 0
        self.said: list[str] = []
        self.old: list[str] = []

    def begin(self, name: str, done: int, total: int | None) -> None:
        self.begun.append((name, done, total))

    def advance(self, count: int) -> None:
        self.bytes += count

    def say(self, text: str) -> None:
        self.said.append(text)

    def outdated(self, path: Path, release: Release) -> None:
        self.old.append(path.name)


@pytest.fixture
def go(site: Publisher, tmp_path: Path, folder: Path) -> Any:
    """Fetch the release; the waits between attempts are kept in ``go.waits`` instead of being waited."""

    class Go:
        def __init__(self) -> None:
            self.waits: list[float] = []
            self.heard = Heard()

        def __call__(self, more: str = 'files = ["hp.json"]', **options: Any) -> dict[str, bool]:
            patience = Patience(timeout=0.3, attempts=3, sleep=self.waits.append)
            options = {"patience": patience, "watcher": self.heard, **options}
            return {path.name: come for path, come in fetch(releases(site, tmp_path, more), folder, **options)}

    return Go()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != notes.FOLDER)


# a file comes


def test_a_file_comes_whole(go: Any, folder: Path) -> None:
    assert go() == {"hp.json": True}
    assert (folder / "hp.json").read_bytes() == BODY
    assert left(folder) == ["hp.json"]


def test_the_directory_is_made_with_those_above(site: Publisher, tmp_path: Path) -> None:
    list(fetch(releases(site, tmp_path), tmp_path / "a" / "b"))
    assert left(tmp_path / "a" / "b") == ["hp.json"]


def test_the_program_says_who_it_is(go: Any, site: Publisher) -> None:
    go()
    assert site.asked[0][1]["User-Agent"].startswith("calckg")


def test_nothing_is_to_be_packed_on_the_way(go: Any, site: Publisher) -> None:
    go()
    assert site.asked[0][1]["Accept-Encoding"] == "identity"


def test_what_comes_is_told(go: Any) -> None:
    go()
    assert go.heard.begun == [("hp.json", 0, len(BODY))]
    assert go.heard.bytes == len(BODY)


def test_a_file_in_chunks_comes_whole(go: Any, page: Page, folder: Path) -> None:
    page.chunked = True
    go()
    assert (folder / "hp.json").read_bytes() == BODY


def test_a_gz_that_is_said_to_be_packed_is_the_gz_itself(go: Any, site: Publisher, folder: Path) -> None:
    packed = gzip.compress(BODY)
    site.pages["/NAMES.RRF.gz"] = Page(packed, headers={"Content-Encoding": "x-gzip"})
    go('files = ["NAMES.RRF.gz"]')
    assert (folder / "NAMES.RRF.gz").read_bytes() == packed


def test_what_was_there_under_the_name_is_replaced(go: Any, folder: Path) -> None:
    folder.mkdir()
    (folder / "hp.json").write_text("by hand")
    assert go() == {"hp.json": True}
    assert (folder / "hp.json").read_bytes() == BODY


# unchanged and changed


@pytest.mark.parametrize("validators", [{"etag": '"1"'}, {"etag": 'W/"1"'}, {"etag": None, "modified": MONDAY}])
@pytest.mark.parametrize("conditions", [True, False], ids=["heeds conditions", "ignores conditions"])
def test_an_unchanged_file_is_not_downloaded_again(
    go: Any, page: Page, validators: dict[str, Any], conditions: bool
) -> None:
    for name, value in {**validators, "conditions": conditions}.items():
        setattr(page, name, value)
    go()
    assert go() == {"hp.json": False}
    assert go.heard.bytes == len(BODY)


@pytest.mark.parametrize("tuesday", [{"etag": '"tuesday"'}, {"etag": None, "modified": TUESDAY}])
def test_a_changed_file_is_downloaded(go: Any, page: Page, folder: Path, tuesday: dict[str, Any]) -> None:
    page.etag, page.modified = (None, MONDAY) if tuesday["etag"] is None else (page.etag, None)
    go()
    page.body = b"new"
    for name, value in tuesday.items():
        setattr(page, name, value)
    assert go() == {"hp.json": True}
    assert (folder / "hp.json").read_bytes() == b"new"


def test_a_file_of_which_nothing_tells_whether_it_has_changed_is_downloaded(go: Any, page: Page) -> None:
    page.etag = None
    go()
    assert go() == {"hp.json": True}


def test_a_file_that_somebody_has_edited_is_downloaded(go: Any, folder: Path) -> None:
    go()
    (folder / "hp.json").write_bytes(BODY[:-1] + b"!")
    assert go() == {"hp.json": True}
    assert (folder / "hp.json").read_bytes() == BODY


def test_a_file_that_somebody_has_removed_is_downloaded(go: Any, folder: Path) -> None:
    go()
    (folder / "hp.json").unlink()
    assert go() == {"hp.json": True}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"release": 1}', "\xff"])
def test_a_note_that_can_not_be_read_is_none(go: Any, folder: Path, text: str) -> None:
    go()
    (folder / notes.FOLDER / "hp.json.json").write_text(text, encoding="latin-1")
    assert go() == {"hp.json": True}


@pytest.mark.parametrize("key", ["etag", "modified", "address", "size", "written"])
def test_a_note_with_nonsense_in_it_is_none(go: Any, folder: Path, key: str) -> None:
    go()
    path = folder / notes.FOLDER / "hp.json.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: "a\r\nHost: b"}))
    assert notes.read(folder, "hp.json") is None


def test_another_address_is_another_file(go: Any, site: Publisher) -> None:
    go()
    site.pages["/mirror/hp.json"] = site.pages["/hp.json"]
    assert go('files = ["mirror/hp.json"]') == {"hp.json": True}


# what has broken off is gone on with


def test_a_broken_download_goes_on_where_it_broke_off(go: Any, site: Publisher, page: Page, folder: Path) -> None:
    page.acts = [Act(cut=HALF)]
    go()
    assert site.ranges() == [None, f"bytes={HALF}-"]
    assert (folder / "hp.json").read_bytes() == BODY
    assert go.heard.bytes == len(BODY)


def test_a_later_run_goes_on_where_the_last_broke_off(go: Any, site: Publisher, page: Page, folder: Path) -> None:
    page.always = Act(cut=0)
    page.acts = [Act(cut=HALF)]
    with pytest.raises(SourceError):
        go()
    assert (folder / "hp.json.part").read_bytes() == BODY[:HALF]
    assert left(folder) == ["hp.json.part"]
    page.always = None
    assert go() == {"hp.json": True}
    assert site.ranges()[-1] == f"bytes={HALF}-"
    assert left(folder) == ["hp.json"]


def test_the_date_of_the_file_is_enough_to_go_on(go: Any, site: Publisher, page: Page) -> None:
    page.etag, page.modified, page.acts = None, MONDAY, [Act(cut=HALF)]
    go()
    assert site.asked[1][1]["If-Range"] == MONDAY
    assert go.heard.bytes == len(BODY)


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_a_file_of_which_nothing_tells_whether_it_is_the_same_begins_anew(
    go: Any, site: Publisher, page: Page, folder: Path, etag: str | None
) -> None:
    page.etag, page.acts = etag, [Act(cut=HALF)]
    go()
    assert site.ranges() == [None, None]
    assert (folder / "hp.json").read_bytes() == BODY


def test_a_server_that_ignores_range_is_heard_from_the_start(go: Any, page: Page, folder: Path) -> None:
    page.ranges, page.acts = False, [Act(cut=HALF)]
    go()
    assert (folder / "hp.json").read_bytes() == BODY
    assert [done for _, done, _ in go.heard.begun] == [0, 0]


@pytest.mark.parametrize("conditions", [True, False], ids=["heeds If-Range", "ignores If-Range"])
def test_a_file_that_has_changed_meanwhile_begins_anew(go: Any, page: Page, folder: Path, conditions: bool) -> None:
    page.always, page.acts = Act(cut=0), [Act(cut=HALF)]
    with pytest.raises(SourceError):
        go()
    page.body, page.etag, page.always, page.conditions = BODY[::-1], '"tuesday"', None, conditions
    go()
    assert (folder / "hp.json").read_bytes() == BODY[::-1]


def test_a_file_of_another_length_under_the_same_etag_begins_anew(go: Any, page: Page, folder: Path) -> None:
    page.always, page.acts = Act(cut=0), [Act(cut=HALF)]
    with pytest.raises(SourceError):
        go()
    page.body, page.always = BODY + b"more", None
    go()
    assert (folder / "hp.json").read_bytes() == BODY + b"more"


@pytest.mark.parametrize("said", ["bytes 0-99/100", "bytes */*", "lines 1-2/3", ""])
def test_another_part_than_was_asked_for_begins_anew(go: Any, page: Page, folder: Path, said: str) -> None:
    page.acts = [Act(cut=HALF), Act(headers={"Content-Range": said})]
    go()
    assert (folder / "hp.json").read_bytes() == BODY


def test_a_part_that_is_longer_than_the_file_begins_anew(go: Any, page: Page, folder: Path) -> None:
    page.always, page.acts = Act(cut=0), [Act(cut=HALF)]
    with pytest.raises(SourceError):
        go()
    with (folder / "hp.json.part").open("ab") as stream:
        stream.write(BODY)
    page.always = None
    go()
    assert (folder / "hp.json").read_bytes() == BODY


def test_a_part_without_a_note_begins_anew(go: Any, site: Publisher, folder: Path) -> None:
    folder.mkdir()
    (folder / "hp.json.part").write_bytes(b"of something else")
    go()
    assert site.ranges() == [None]
    assert (folder / "hp.json").read_bytes() == BODY


@pytest.mark.parametrize("conditions", [True, False], ids=["heeds conditions", "ignores conditions"])
def test_a_part_that_is_whole_is_not_downloaded_again(go: Any, page: Page, folder: Path, conditions: bool) -> None:
    go()
    (folder / "hp.json").rename(folder / "hp.json.part")  # as a kill before the last step leaves it
    page.conditions = conditions
    assert go() == {"hp.json": True}
    assert go.heard.bytes == len(BODY)
    assert left(folder) == ["hp.json"]


def test_a_broken_chunk_goes_on_too(go: Any, page: Page, folder: Path) -> None:
    page.chunked, page.acts = True, [Act(cut=0)]
    go()
    assert (folder / "hp.json").read_bytes() == BODY
    assert go.heard.bytes == len(BODY)


def test_a_download_that_is_killed_goes_on(go: Any, site: Publisher, page: Page, tmp_path: Path, folder: Path) -> None:
    page.acts = [Act(hold=HALF)]
    releases(site, tmp_path)
    command = [sys.executable, "-m", "calckg", "fetch", "hpo", "-o", str(folder)]
    command += ["--releases", str(tmp_path / "releases.toml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    part = folder / "hp.json.part"
    until(lambda: part.is_file() and part.stat().st_size > HALF // 2)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert left(folder) == ["hp.json.part"]
    came = part.stat().st_size
    assert go() == {"hp.json": True}
    assert site.ranges() == [None, f"bytes={came}-"]
    assert (folder / "hp.json").read_bytes() == BODY


def test_an_interrupted_download_keeps_its_part_and_the_old_file(go: Any, page: Page, folder: Path) -> None:
    class Interrupts(Watcher):
        def advance(self, count: int) -> None:
            raise KeyboardInterrupt

    go()
    page.body, page.etag = BODY[::-1], '"tuesday"'
    with pytest.raises(KeyboardInterrupt):
        go(watcher=Interrupts())
    assert (folder / "hp.json").read_bytes() == BODY
    assert left(folder) == ["hp.json", "hp.json.part"]
    assert go() == {"hp.json": True}
    assert (folder / "hp.json").read_bytes() == BODY[::-1]


# attempts have an end


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_failure_that_may_pass_is_tried_again(go: Any, page: Page, status: int) -> None:
    page.acts = [Act(status=status)]
    assert go() == {"hp.json": True}
    assert go.waits == [1.0]


@pytest.mark.parametrize("status", [429, 500])
def test_a_failure_that_stays_is_told_after_some_attempts(go: Any, site: Publisher, page: Page, status: int) -> None:
    page.always = Act(status=status)
    with pytest.raises(
        SourceError, match=rf"/hp\.json: the server answers {status} [A-Z].*\(3 attempts\).*try again later"
    ):
        go()
    assert len(site.asked) == 3
    assert go.waits == [1.0, 2.0]


def test_the_wait_is_as_long_as_the_server_says(go: Any, page: Page) -> None:
    page.acts = [Act(status=429, headers={"Retry-After": "7"}), Act(status=503, headers={"Retry-After": "999999"})]
    go()
    assert go.waits == [7.0, 60.0]


@pytest.mark.parametrize(("said", "wait"), [(MONDAY, 0.0), ("soon", 1.0), ("-1", 1.0)])
def test_the_wait_may_be_a_date_or_nonsense(go: Any, page: Page, said: str, wait: float) -> None:
    page.acts = [Act(status=503, headers={"Retry-After": said})]
    go()
    assert go.waits == [wait]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(go: Any, site: Publisher, page: Page, folder: Path, status: int) -> None:
    page.always = Act(status=status)
    with pytest.raises(CalckgError, match=rf"/hp\.json: the server answers {status} .*; see https://example\.org/page"):
        go()
    assert len(site.asked) == 1
    assert left(folder) == []


def test_a_connection_that_breaks_before_the_answer_is_tried_again(go: Any, page: Page) -> None:
    page.acts = [Act(cut=0)]
    page.ranges = False
    assert go() == {"hp.json": True}


def test_a_connection_that_always_breaks_is_told(go: Any, page: Page) -> None:
    page.always = Act(cut=100)
    said = rf"hp\.json: 100 of {len(BODY):,} bytes came, then the connection ended \(3 attempts\)"
    page.ranges = False
    with pytest.raises(SourceError, match=said):
        go()


def test_a_long_way_in_small_steps_is_gone_to_the_end(go: Any, page: Page, folder: Path) -> None:
    page.body = BODY * 4
    page.acts = [Act(cut=(1 << 20) + 1)] * 7  # more breaks than attempts, but a mebibyte comes each time
    go()
    assert (folder / "hp.json").read_bytes() == BODY * 4


def test_steps_that_lead_nowhere_have_an_end(go: Any, site: Publisher, page: Page) -> None:
    page.ranges, page.always = False, Act(cut=HALF)  # each time from the start, never to the end
    with pytest.raises(SourceError, match="then the connection ended"):
        go()
    assert len(site.asked) <= 4


def test_a_server_that_hangs_is_given_up(go: Any, page: Page) -> None:
    page.ranges, page.always = False, Act(hold=10)
    with pytest.raises(SourceError, match=r"nothing came in time \(3 attempts\)"):
        go()


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drips:
        def read1(self, count: int) -> bytes:
            time.sleep(0.02)
            return b"."

    with pytest.raises(transport.PassingError, match=r"only \d bytes in"):
        for _ in transport.blocks(Drips(), Patience(timeout=0.05)):  # type: ignore[arg-type]
            pass


def test_no_server_is_told(tmp_path: Path, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = table(tmp_path, f'[hpo]\nfiles = ["http://127.0.0.1:{port}/hp.json"]\n')
    with pytest.raises(SourceError, match=rf"no answer from 127\.0\.0\.1:{port}: Connection refused"):
        list(fetch(load(path).values(), folder, patience=Patience(attempts=2, sleep=lambda wait: None)))


@pytest.mark.parametrize(("answer", "said"), [(b"", "nothing came in time"), (b"220 FTP\r\n", "220 FTP")])
def test_an_answer_that_is_no_http_is_told(tmp_path: Path, folder: Path, answer: bytes, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def say() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(answer)
                connection.settimeout(1.0)
                with contextlib.suppress(OSError):
                    connection.recv(1)

        thread = threading.Thread(target=say)
        thread.start()
        path = table(tmp_path, f'[hpo]\nfiles = ["http://127.0.0.1:{server.getsockname()[1]}/hp.json"]\n')
        with pytest.raises(SourceError, match=f"no answer from .*{said}"):
            list(fetch(load(path).values(), folder, patience=Patience(attempts=1, timeout=0.2)))
        thread.join()


# lies about length


def test_a_server_that_promises_more_than_it_has_is_told(go: Any, page: Page, folder: Path) -> None:
    page.more = 100
    with pytest.raises(SourceError, match=rf"{len(BODY):,} of {len(BODY) + 100:,} bytes came"):
        go()
    assert "hp.json" not in left(folder)


def test_a_server_that_promises_less_than_it_has_does_not_pass_for_a_gz(go: Any, site: Publisher, folder: Path) -> None:
    site.pages["/a.gz"] = Page(gzip.compress(BODY), more=-10)
    with pytest.raises(SourceError, match="no whole gzip file"):
        go('files = ["a.gz"]')
    assert left(folder) == []


def test_a_server_that_says_no_length_is_not_believed(go: Any, page: Page, folder: Path) -> None:
    page.sized = False
    with pytest.raises(SourceError, match=r"does not say how long the file is.*see https://example\.org/page"):
        go()
    assert "hp.json" not in left(folder)


def test_a_gz_tells_itself_where_it_ends(go: Any, site: Publisher, folder: Path) -> None:
    site.pages["/a.gz"] = Page(gzip.compress(BODY), sized=False)
    assert go('files = ["a.gz"]') == {"a.gz": True}


def test_a_gz_that_is_cut_where_nobody_says_how_long_it_is_is_told(go: Any, site: Publisher, folder: Path) -> None:
    site.pages["/a.gz"] = Page(gzip.compress(BODY), sized=False, always=Act(cut=100))
    with pytest.raises(SourceError, match="no whole gzip file"):
        go('files = ["a.gz"]')
    assert left(folder) == []


def test_an_empty_file_is_told(go: Any, page: Page, folder: Path) -> None:
    page.body = b""
    with pytest.raises(SourceError, match="the server sends nothing"):
        go()
    assert left(folder) == []


@pytest.mark.parametrize("start", [b"<!DOCTYPE html>\n<html>", b"\n <HTML lang='en'>"])
def test_a_web_page_in_the_place_of_the_file_is_told(go: Any, page: Page, folder: Path, start: bytes) -> None:
    page.body = start + b"<p>We have moved."
    with pytest.raises(SourceError, match="sends a web page in the file's place"):
        go()
    assert left(folder) == []


def test_a_file_that_is_packed_unasked_is_told(go: Any, page: Page, folder: Path) -> None:
    page.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(SourceError, match=r"packs the file \(gzip\) unasked"):
        go()
    assert "hp.json" not in left(folder)


# redirects


def test_a_redirect_is_followed(go: Any, site: Publisher, page: Page, folder: Path) -> None:
    site.pages["/latest"] = Page(always=Act(status=302, headers={"Location": "v2/hp.json?token=a%20b"}))
    site.pages["/v2/hp.json?token=a%20b"] = page
    page.acts = [Act(cut=HALF)]
    site.pages["/hp.json"] = Page(always=Act(status=301, headers={"Location": site.address + "/latest"}))
    go()
    assert (folder / "hp.json").read_bytes() == BODY
    # After a break it is asked from the beginning of the way: what a redirect leads to may hold for minutes only.
    assert site.paths() == ["/hp.json", "/latest", "/v2/hp.json?token=a%20b"] * 2


def test_a_loop_of_redirects_has_an_end(go: Any, site: Publisher, page: Page) -> None:
    page.always = Act(status=302, headers={"Location": "/hp.json"})
    with pytest.raises(CalckgError, match=r"hp\.json: more than 5 redirects, the last to http://"):
        go()
    assert len(site.asked) == 6


def test_a_chain_of_redirects_has_an_end(go: Any, site: Publisher) -> None:
    for step in range(1, 10):
        site.pages[f"/{step}"] = Page(always=Act(status=307, headers={"Location": f"/{step + 1}"}))
    with pytest.raises(CalckgError, match="more than 5 redirects"):
        go('files = ["1"]')


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.org/hp.json", "data:,x", "javascript:x"])
def test_a_redirect_out_of_the_web_is_refused(go: Any, page: Page, folder: Path, location: str) -> None:
    page.always = Act(status=302, headers={"Location": location})
    with pytest.raises(CalckgError, match="a redirect to"):
        go()
    assert left(folder) == []


def test_a_redirect_to_nowhere_is_refused(go: Any, page: Page) -> None:
    page.always = Act(status=302)
    with pytest.raises(CalckgError, match="which is no address"):
        go()


HERE = "https://example.org/a/hp.json"


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("b", "https://example.org/a/b"),
        ("//cdn.example.org/b#top", "https://cdn.example.org/b"),
        ("https://cdn.example.org:8443/b?x=1&y=%20", "https://cdn.example.org:8443/b?x=1&y=%20"),
        ("/é f", "https://example.org/%C3%A9%20f"),
    ],
)
def test_where_a_redirect_leads(location: str, there: str) -> None:
    assert redirected(HERE, location, HERE) == there


@pytest.mark.parametrize(
    "location",
    [
        "http://example.org/b",  # not secure
        "file:///etc/passwd",
        "https://user:secret@example.org/b",
        "https://example.org:port/b",
        "https://[::1/b",
        "",
        None,
    ],
)
def test_where_a_redirect_must_not_lead(location: str | None) -> None:
    with pytest.raises(RefusedError, match="a redirect"):
        redirected(HERE, location, HERE)


def test_from_https_to_http_is_refused_on_the_way(site: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    class Response:
        status = 302
        headers = HTTPMessage()

        def close(self) -> None:
            """Be closed."""

    Response.headers["Location"] = f"{site.address}/hp.json"
    monkeypatch.setattr(transport, "_ask", lambda *args: Response())
    with pytest.raises(RefusedError, match="from https to http://"), transport.get(HERE, {}, Patience(), ""):
        pass
    assert site.asked == []


def test_a_certificate_that_is_not_to_be_trusted_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from ssl import SSLCertVerificationError
    from urllib.error import URLError

    class Opener:
        def open(self, *args: object, **options: object) -> None:
            error = SSLCertVerificationError(1, "certificate verify failed")
            error.verify_message = "self-signed certificate"
            raise URLError(error)

    monkeypatch.setattr(transport, "_opener", lambda proxies: Opener())
    with pytest.raises(SourceError, match=r"not to be trusted \(self-signed certificate\)"):
        transport.read_text(HERE, Patience(), "")


# checksums


def sums(site: Publisher, text: str) -> str:
    site.pages["/hp.json.md5"] = Page(text.encode())
    return 'files = ["hp.json"]\nchecksum = ".md5"'


def test_a_file_with_the_right_checksum_comes(go: Any, site: Publisher) -> None:
    assert go(sums(site, f"MD5(hp.json)= {hashlib.md5(BODY).hexdigest()}\n")) == {"hp.json": True}


def test_a_file_with_another_checksum_does_not(go: Any, site: Publisher, folder: Path) -> None:
    wrong = hashlib.md5(b"").hexdigest()
    with pytest.raises(SourceError, match=rf"/hp\.json: its MD5 is \w+, but .*/hp\.json\.md5 says {wrong}"):
        go(sums(site, f"{wrong}  hp.json\n"))
    assert left(folder) == []
    assert site.paths().count("/hp.json") == 2  # once more from the start, and no more


def test_a_part_that_has_been_damaged_is_downloaded_again(go: Any, site: Publisher, page: Page, folder: Path) -> None:
    more = sums(site, hashlib.md5(BODY).hexdigest())
    page.always, page.acts = Act(cut=0), [Act(cut=HALF)]
    with pytest.raises(SourceError):
        go(more)
    with (folder / "hp.json.part").open("r+b") as stream:
        stream.write(b"!!")  # as a power cut may leave it
    page.always = None
    go(more)
    assert (folder / "hp.json").read_bytes() == BODY


def test_a_checksum_that_is_missing_is_told(go: Any, folder: Path) -> None:
    with pytest.raises(CalckgError, match=r"/hp\.json\.md5: the server answers 404 Not Found"):
        go('files = ["hp.json"]\nchecksum = ".md5"')
    assert "hp.json" not in left(folder)


def test_a_checksum_file_without_a_checksum_is_told(go: Any, site: Publisher, folder: Path) -> None:
    with pytest.raises(SourceError, match=r"hp\.json\.md5: no MD5 checksum of the file in 'soon"):
        go(sums(site, "soon"))
    assert "hp.json" not in left(folder)


MD5 = "0123456789abcdef0123456789ABCDEF"


@pytest.mark.parametrize(
    "text",
    [
        MD5,
        f"{MD5}\n",
        f"MD5(a.gz)= {MD5}\n",
        f"MD5 (a.gz) = {MD5}",
        f"{MD5}  a.gz\n",
        f"{MD5} *./a.gz\n",
        f"# sums\n{'0' * 32}  b.gz\n{MD5}  a.gz\n{'1' * 32}  aa.gz\n{'2' * 32}  a.gz.txt\n",
    ],
)
def test_the_forms_of_checksum_files(text: str) -> None:
    assert checksum(text, "a.gz", "md5") == MD5.lower()


@pytest.mark.parametrize("text", ["", "x", MD5[:-1], MD5 + "0", f"{MD5} b\n{MD5} c\n", "0" * 64])
def test_what_is_no_checksum(text: str) -> None:
    assert checksum(text, "a.gz", "md5") is None


# what a file unpacks to


def test_a_bomb_is_refused(go: Any, site: Publisher, folder: Path) -> None:
    site.pages["/a.gz"] = Page(gzip.compress(bytes(3_000_000)))
    with pytest.raises(SourceError, match=r"/a\.gz: it unpacks to more than 1,000,000 bytes.*--max-unpacked"):
        go('files = ["a.gz"]', limits=Limits(1_000_000))
    assert left(folder) == ["a.gz.part"]


def test_with_a_higher_limit_it_comes_without_another_download(go: Any, site: Publisher, folder: Path) -> None:
    site.pages["/a.gz"] = Page(gzip.compress(bytes(3_000_000)))
    with pytest.raises(SourceError):
        go('files = ["a.gz"]', limits=Limits(1_000_000))
    came = go.heard.bytes
    assert go('files = ["a.gz"]', limits=Limits(3_000_000)) == {"a.gz": True}
    assert go.heard.bytes == came


def test_a_bomb_of_many_members_is_refused(go: Any, site: Publisher) -> None:
    site.pages["/a.gz"] = Page(gzip.compress(bytes(500_000)) * 3)
    with pytest.raises(SourceError, match="unpacks to more than"):
        go('files = ["a.gz"]', limits=Limits(1_000_000))


def test_without_a_limit_the_packed_size_gives_one(go: Any, site: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_SMALL", 1_000_000)
    site.pages["/a.gz"] = Page(gzip.compress(bytes(3_000_000)))
    with pytest.raises(SourceError, match="unpacks to more than 1,000,000 bytes"):
        go('files = ["a.gz"]')


@pytest.mark.parametrize(
    ("packed", "limit"), [(0, 256 << 20), (1 << 20, 256 << 20), (10 << 20, 2000 << 20), (1 << 40, 16 << 30)]
)
def test_the_limit_of_a_packed_file(packed: int, limit: int) -> None:
    assert Limits().of(packed) == limit


def test_a_file_larger_than_the_limit_is_not_begun(go: Any, folder: Path) -> None:
    with pytest.raises(SourceError, match="larger than 1,000 bytes"):
        go(limits=Limits(1000))
    assert go.heard.bytes == 0


def test_a_file_that_does_not_end_is_given_up(go: Any, page: Page, folder: Path) -> None:
    page.chunked = True
    with pytest.raises(SourceError, match="larger than 1,000 bytes"):
        go(limits=Limits(1000))
    assert (folder / "hp.json.part").stat().st_size < len(BODY)


@pytest.mark.parametrize("damage", [b"not packed at all", gzip.compress(BODY)[:-9], gzip.compress(BODY) + b"tail"])
def test_a_damaged_gz_is_told(go: Any, site: Publisher, folder: Path, damage: bytes) -> None:
    site.pages["/a.gz"] = Page(damage)
    with pytest.raises(SourceError, match=r"/a\.gz: no whole gzip file \("):
        go('files = ["a.gz"]')
    assert left(folder) == []


# the place


def test_a_disk_without_room_is_told_before_the_download(
    go: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 5, 5))
    with pytest.raises(CalckgError, match=rf"hp\.json needs {len(BODY):,} bytes, 5 are free; free some space"):
        go()
    assert go.heard.bytes == 0


def test_a_file_in_the_directory_s_place_is_told(go: Any, folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(UsageError, match="no directory can be made here"):
        go()


def test_a_directory_in_the_file_s_place_is_told(go: Any, folder: Path) -> None:
    (folder / "hp.json").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"hp\.json: this is a directory"):
        go()


def test_two_at_once_do_not_write_to_one_directory(go: Any, site: Publisher, tmp_path: Path, folder: Path) -> None:
    site.pages["/doid.json"] = Page(BODY)
    first = fetch(releases(site, tmp_path, 'files = ["hp.json", "doid.json"]'), folder)
    next(first)
    with pytest.raises(CalckgError, match="another calckg fetch is at work here"):
        go()
    first.close()
    assert go() == {"hp.json": False}


def test_the_notes_are_out_of_sight(go: Any, folder: Path) -> None:
    go()
    assert sorted(path.name for path in folder.iterdir()) == [".calckg-fetch", "hp.json"]


# several files


def test_what_one_server_refuses_does_not_keep_the_others_away(go: Any, folder: Path) -> None:
    with pytest.raises(CalckgError, match=r"/a\.json: the server answers 404 Not Found; see \S+ \(and 1 more\)"):
        go('files = ["a.json", "hp.json", "b.json"]')
    assert left(folder) == ["hp.json"]


def test_only_some_files(go: Any, site: Publisher) -> None:
    for name in ("MGDEF.RRF.gz", "MGREL.RRF.gz", "NAMES.RRF.gz"):
        site.pages[f"/{name}"] = Page(gzip.compress(b"x"))
    files = 'files = ["MGDEF.RRF.gz", "MGREL.RRF.gz", "NAMES.RRF.gz"]'
    assert list(go(files, only=["MG*"])) == ["MGDEF.RRF.gz", "MGREL.RRF.gz"]


def test_a_pattern_that_fits_nothing_is_told(go: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown file 'hp\.jsn'; did you mean hp\.json\?"):
        go(only=["hp.jsn"])


INDEX = """<html><body><h1>Index of /mesh</h1><a href="../">up</a> <a name="top">no link</a>
<a href="desc2025.gz">desc2025.gz</a> <a href="desc2026.gz">x</a> <a href='desc2026.xml'>x</a>
<a href="/mesh/supp2026.gz">x</a> <A HREF="https://elsewhere.example.org/desc2027.gz">x</A>
<a href="file:///desc2028.gz">x</a> <a href="https://[x/desc2029.gz">x</a>
<a href="desc2026.gz#again">x</a>"""
LISTED = """
[[hpo.listed]]
index = "{address}/mesh/"
pattern = '(desc[0-9]{{4}})\\.gz'
name = '\\1.xml.gz'
latest = {latest}
"""


@pytest.fixture
def index(site: Publisher) -> Publisher:
    site.pages["/mesh/"] = Page(INDEX.encode())
    for year in (2025, 2026):
        site.pages[f"/mesh/desc{year}.gz"] = Page(gzip.compress(BODY))
    return site


def test_the_latest_of_listed_files_comes_under_its_name_here(go: Any, index: Publisher, folder: Path) -> None:
    assert go(LISTED.format(address=index.address, latest="true")) == {"desc2026.xml.gz": True}
    assert index.paths() == ["/mesh/", "/mesh/desc2026.gz"]


def test_all_listed_files_come(go: Any, index: Publisher) -> None:
    found = go(LISTED.format(address=index.address, latest="false"))
    assert list(found) == ["desc2025.xml.gz", "desc2026.xml.gz"]


def test_a_file_of_an_earlier_edition_is_told(go: Any, index: Publisher) -> None:
    more = LISTED.format(address=index.address, latest="true")
    index.pages["/mesh/"].body = INDEX.replace("2026", "2024").encode()
    go(more)
    index.pages["/mesh/"].body = INDEX.encode()
    go(more)
    assert go.heard.old == ["desc2025.xml.gz"]


def test_a_page_that_lists_nothing_of_the_kind_is_told(go: Any, index: Publisher, folder: Path) -> None:
    index.pages["/mesh/"].body = b"<p>We have moved"
    more = 'files = ["hp.json"]' + LISTED.format(address=index.address, latest="true")
    with pytest.raises(CalckgError, match=r"/mesh/: no link to a file like \(desc.*See https://example\.org/page"):
        go(more)
    assert left(folder) == ["hp.json"]


def test_a_page_that_breaks_off_is_read_again(go: Any, index: Publisher) -> None:
    index.pages["/mesh/"].acts = [Act(cut=40)]
    assert go(LISTED.format(address=index.address, latest="true")) == {"desc2026.xml.gz": True}


def test_a_page_without_an_end_is_given_up(go: Any, index: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_LONGEST_PAGE", 100)
    with pytest.raises(CalckgError, match="too much for a list"):
        go(LISTED.format(address=index.address, latest="true"))


# the table of releases

MINIMAL = '[hpo]\nfiles = ["https://example.org/hp.json"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hpo", "not TOML: "),
        (MINIMAL + "x = 1", "unknown key 'x'"),
        ("[hpo]\n", "there must be files"),
        ('[hpo]\nfiles = "hp.json"', "files must be a list"),
        ('[hpo]\nfiles = ["hp.json"]', "no address that begins with https://"),
        ('[hpo]\nfiles = ["ftp://example.org/hp.json"]', "no address that begins with https://"),
        ('[hpo]\nfiles = ["file:///etc/passwd"]', "no address that begins with https://"),
        ('[hpo]\nfiles = ["https://me:secret@example.org/hp.json"]', "no address that begins with https://"),
        ('[hpo]\nfiles = ["https://example.org/"]', "does not end in the name of a file"),
        ('[hpo]\nfiles = ["https://example.org/.hidden"]', "does not end in the name of a file"),
        (MINIMAL + 'checksum = "md5"', r"checksum must be one of \.md5"),
        (MINIMAL + "rights = 1", "rights must be a text"),
        (MINIMAL.replace("hpo", "H P O", 1).replace("[H P O]", '["H P O"]'), "lower-case letters"),
        ('[hpo]\n[[hpo.listed]]\nindex = "https://example.org/"\npattern = "("', "missing \\)"),
        ('[hpo]\n[[hpo.listed]]\nindex = "https://example.org/"\n', "pattern must be a text"),
        ('[hpo]\n[[hpo.listed]]\nindex = "https://e.org/"\npattern = "a"\nlatest = 1', "latest must be true or false"),
    ],
)
def test_a_table_that_says_what_is_not_understood_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=rf"releases\.toml: .*{said}.*mend it"):
        load(table(tmp_path, text))


def test_a_release_without_its_terms_is_told(tmp_path: Path) -> None:
    path = table(tmp_path, MINIMAL)
    path.write_text(path.read_text().replace('license = "https://example.org/licence"', ""))
    with pytest.raises(SourceError, match=r"\[hpo\]: license must be a text"):
        load(path)


def test_a_table_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.toml: can't be read \(No such file"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", ""])
def test_a_name_can_not_lead_out_of_the_directory(go: Any, index: Publisher, folder: Path, name: str) -> None:
    listed = LISTED.format(address=index.address, latest="true").replace(r"'\1.xml.gz'", f"'{name}'")
    with pytest.raises(CalckgError):
        go(listed)
    assert not folder.exists() or left(folder) == []


# the command


@pytest.fixture
def command(run: Run, site: Publisher, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    releases(site, tmp_path)
    monkeypatch.setattr(calckg.fetch, "Patience", lambda: Patience(attempts=2, sleep=lambda wait: None))
    return lambda *arguments: run("fetch", *arguments, "--releases", tmp_path / "releases.toml")


def test_the_command_names_the_files_that_are_there(command: Run, folder: Path) -> None:
    done = command("hpo", "-o", folder)
    assert (done.code, done.out, done.err) == (0, f"{folder / 'hp.json'}\n", "")
    assert command("hpo", "-o", folder).out == done.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["hpo"], 2, "no directory is named; add -o DIRECTORY"),
        (["-o", "x"], 2, "no release is named; calckg fetch --list shows all"),
        (["hop", "-o", "x"], 2, "unknown release 'hop'; did you mean hpo? (calckg fetch --list shows all)"),
        (["hpo", "-o", "x", "--max-unpacked", "much"], 2, "--max-unpacked: 'much' is no size; give bytes, or"),
    ],
)
def test_wrong_usage_is_one_line(command: Run, arguments: list[str], code: int, said: str) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.complaint


@pytest.mark.parametrize("act", [Act(status=404), Act(status=500), Act(cut=5), Act(status=302)])
def test_a_failure_is_one_line_and_exit_code_3(command: Run, page: Page, folder: Path, act: Act) -> None:
    page.ranges, page.always = False, act
    done = command("hpo", "-o", folder)
    assert (done.code, done.out) == (3, "")
    assert re.fullmatch(r"calckg: http://127\.0\.0\.1:\d+/hp\.json: .+; .+", done.complaint)


def test_an_earlier_edition_is_told_by_the_command(run: Run, index: Publisher, tmp_path: Path, folder: Path) -> None:
    releases(index, tmp_path, LISTED.format(address=index.address, latest="true"))
    arguments = ("fetch", "hpo", "-o", folder, "--releases", tmp_path / "releases.toml")
    run(*arguments)
    index.pages["/mesh/"].body = INDEX.replace("2026", "2024").encode()
    said = f"{folder / 'desc2026.xml.gz'}: of an earlier edition of hpo; remove it before a build"
    assert run(*arguments).err == f"calckg: {said}\n"


@pytest.mark.parametrize(
    ("text", "size"), [("1000", 1000), ("5K", 5 << 10), ("500m", 500 << 20), ("20GiB", 20 << 30), ("1TB", 1 << 40)]
)
def test_sizes(command: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, size: int) -> None:
    found = []

    def keep(*args: object, limits: Limits, **options: object) -> list[tuple[Path, bool]]:
        found.append(limits)
        return []

    monkeypatch.setattr(calckg.fetch, "fetch", keep)
    command("hpo", "-o", folder, "--max-unpacked", text)
    assert found == [Limits(size)]


def test_the_list_of_releases(run: Run) -> None:
    lines = run("fetch", "--list").out.splitlines()
    assert lines[0].split() == ["name", "title", "size", "licence", "page"]
    assert [line.split()[0] for line in lines[2:]] == list(load())


def test_the_list_of_files(run: Run) -> None:
    out = run("fetch", "--list", "hpo-annotations", "mesh").out
    assert re.search(r"phenotype\.hpoa +https://purl\.obolibrary\.org/obo/hp/hpoa/phenotype\.hpoa\n", out)
    assert "/mtrees[0-9]{4}\\.bin/" in out


def test_a_progress_bar_is_drawn_on_a_terminal(
    command: Run, folder: Path, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pty

    main, end = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(end, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        page.acts = [Act(status=503)]
        assert command("hpo", "-o", folder).code == 0
    read = bytearray()
    with suppress(OSError):  # which tells the end, as nobody writes any more
        while part := os.read(main, 1 << 16):
            read += part
    os.close(main)
    drawn = read.decode()
    assert "503 Service Unavailable; again in 1 s" in drawn
    assert "hp.json" in drawn
    assert "1 files: 1 downloaded, 0 unchanged" in drawn


# graph/releases.toml

TERMS = {
    "https://creativecommons.org/licenses/by/4.0/",
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "https://hpo.jax.org/app/license",
    "https://medlineplus.gov/about/using/usingcontent/",
    "https://www.ncbi.nlm.nih.gov/home/about/policies/",
    "https://www.nlm.nih.gov/databases/download/terms_and_conditions.html",
    "https://www.nlm.nih.gov/databases/download/terms_and_conditions_mesh.html",
}
RELEASES = list(load().values())
each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)


@each_release
def test_a_release_is_fetched_by_https_only(release: Release) -> None:
    addresses = [
        *release.addresses,
        *(listed.index for listed in release.listed),
        release.landing_page,
        release.license,
    ]
    assert [address for address in addresses if not re.fullmatch(r"https://[a-z0-9.-]+/\S*", address)] == []


@each_release
def test_a_release_has_known_terms(release: Release) -> None:
    assert release.license in TERMS


@each_release
def test_a_release_has_no_archives(release: Release) -> None:  # only gzip is checked for what it unpacks to
    names = [address.rpartition("/")[2] for address in release.addresses]
    names += [listed.pattern.pattern for listed in release.listed]
    assert [name for name in names if re.search(r"\.(zip|tgz|tar|bz2|xz|zst|7z)\b", name)] == []


def test_no_two_files_have_one_name() -> None:
    names = [address.rpartition("/")[2] for release in RELEASES for address in release.addresses]
    assert len(set(names)) == len(names)


def test_the_terms_are_those_that_the_readers_give() -> None:
    from calckg.upstream import medgen, medlineplus, mesh, obo_ontologies, pubmed

    sources = [module.SOURCE for module in (medgen, medlineplus, mesh, pubmed)]
    sources += [ontology.source for ontology in obo_ontologies.ONTOLOGIES]
    given = {source.name: source.license for source in sources}
    here = {release.name: release.license for release in RELEASES if release.name in given}
    assert here == {name: given[name] for name in here}
    assert {"hpo", "medgen", "mesh", "pubmed", "medlineplus"} <= set(here)


@pytest.mark.parametrize(
    ("name", "page", "expected"),
    [
        # as the folders of NLM and NCBI list them
        (
            "mesh",
            '<a href="desc2026.gz">a</a><a href="desc2026.xml">a</a><a href="desc2025.gz">a</a>',
            "desc2026.xml.gz",
        ),
        ("mesh", '<a href="mtrees2026.bin">mtrees2026.bin</a>', "mtrees2026.bin"),
        (
            "pubmed",
            '<a href="pubmed26n0001.xml.gz">a</a> <a href="pubmed26n0001.xml.gz.md5">a</a>',
            "pubmed26n0001.xml.gz",
        ),
        (
            "medlineplus",
            '<a href="https://medlineplus.gov/xml/mplus_topics_2026-09-19.xml">a</a>'
            '<a href="https://medlineplus.gov/xml/mplus_topics_compressed_2026-09-19.zip">a</a>'
            '<a href="/xml/mplus_topic_groups_2026-09-19.xml">a</a>',
            "mplus_topics_2026-09-19.xml",
        ),
    ],
)
def test_listed_files_are_found_in_pages_like_the_publisher_s(name: str, page: str, expected: str) -> None:
    found = load()[name].files(lambda address: (address, page), lambda error: None)
    assert [file.name for file in found] == [expected]


def test_a_file_of_the_baseline_has_its_checksum_beside_it() -> None:
    page = '<a href="pubmed26n0001.xml.gz">a</a>'
    (file,) = load()["pubmed"].files(lambda address: (address, page), lambda error: None)
    assert file.checksum == "https://ftp.ncbi.nlm.nih.gov/pubmed/baseline/pubmed26n0001.xml.gz.md5"


def test_a_note_says_whose_file_it_is(go: Any, folder: Path) -> None:
    go()
    note = notes.read(folder, "hp.json")
    assert isinstance(note, Note)
    assert (note.release, note.etag, note.size) == ("hpo", '"monday"', len(BODY))
