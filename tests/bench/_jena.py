"""Apache Jena's ``shacl validate`` as Debian packages it (libapache-jena-java): its class path, and what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

MISSING: Final = "Apache Jena is not installed; on Debian: apt-get install libapache-jena-java default-jre-headless"
_JARS: Final = Path("/usr/share/java")
_NAMES: Final = (
    *("jena-arq", "jena-base", "jena-cmds", "jena-core", "jena-dboe-base", "jena-dboe-index", "jena-dboe-storage"),
    *("jena-dboe-trans-data", "jena-dboe-transaction", "jena-iri", "jena-rdfconnection", "jena-shacl", "jena-shex"),
    *("jena-tdb", "jena-tdb2", "commons-cli", "commons-codec", "commons-compress", "commons-csv", "commons-io"),
    *("commons-lang3", "dexx.collection", "gson", "guava", "httpclient", "httpcore", "jackson-annotations"),
    *("jackson-core", "jackson-databind", "jakarta.json-api", "jcl-over-slf4j", "jsonld-java", "protobuf"),
    *("slf4j-api", "slf4j-nop", "thrift", "titanium-json-ld"),
)
# The package leaves out the texts of Jena's own copy of Xerces: one file must be there to start, and the other have the
# text for a date that is none.
_TEXTS: Final = {
    "xpath/regex/message.properties": "",
    "msg/XMLSchemaMessages.properties": "cvc-datatype-valid.1.2.1={0} is no {1}\n",
}


def command(folder: Path, data: Path, shapes: Path, report: Path) -> tuple[str | Path, ...] | None:
    """Return the command that validates ``data`` and writes the report as Turtle, or nothing where Jena is missing.

    ``folder`` takes the two files that the class path needs.
    """
    java = shutil.which("java")
    if java is None or not (_JARS / "jena-cmds.jar").exists():
        return None
    for name, text in _TEXTS.items():
        path = folder / "xerces" / "impl" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    jars = (str(_JARS / f"{name}.jar") for name in _NAMES)
    validate = (java, "-cp", ":".join([str(folder), *jars]), "shacl.shacl_validate", "--shapes", shapes, "--data", data)
    return "sh", "-c", 'exec "$@" > "$0"', report, *validate
