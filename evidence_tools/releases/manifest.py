"""What a build is: the state that git knows, and ``report.json`` on its files."""

import hashlib
import io
import json
import os
import re
import subprocess
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from evidence_tools.evidence.problems import relative_name

NAME = "report.json"
_FORMATS = (2, 1)
"""The format that is written, and earlier ones that published versions have."""

VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
RELEASE_FILES = re.compile(
    r"data/releases/[^/]+|\.?(pyproject\.toml|CITATION\.cff|CHANGELOG\.md)(\.part)?"
)
"""What a release writes, and the temporary names of it."""
_PARTS = ("chapters/*.md", "data/*.csv", "data/*.json", "data/*.yml", ":(exclude,glob)**/.*/**")

Manifest = dict[str, Any]
Contents = Mapping[str, bytes]
"""The bytes of some files by relative name."""


class ReleaseError(Exception):
    """A release, a site or a bundle cannot be made or trusted; says why and what to do."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that nobody sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def fill_template(template: Path, **values: Any) -> str:
    """Fill in a text: ``<<x>>`` is a value on one line, ``<% %>`` as in Jinja.

    Values are escaped in HTML; elsewhere the template says what its format needs, such as
    ``<<quoted(x)>>`` for JSON, YAML and TOML.
    """
    from jinja2 import StrictUndefined, Template

    how: dict[str, Any] = {"trim_blocks": True, "keep_trailing_newline": True}
    how |= {"undefined": StrictUndefined, "autoescape": template.suffix == ".html"}
    how |= {"finalize": lambda value: " ".join(str(value).split())}
    text = template.read_text(encoding="utf-8")
    quoted = partial(json.dumps, ensure_ascii=False)
    return str(Template(text, "<%", "%>", "<<", ">>", **how).render(values, quoted=quoted))


def pack(contents: Contents) -> bytes:
    """Zip files, without compression: the same files give the same bytes on any machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, contents[name])
    return packed.getvalue()


def unpack(place: Path) -> dict[str, bytes]:
    """Read a zip file as :func:`pack` writes it, byte for byte; nothing else is accepted.

    So there are no links, doubles, comments or bytes in between; what is compressed is not read.
    """
    try:
        content = place.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            plain = [each for each in archive.infolist() if not each.compress_type]
            contents = {each.filename: archive.read(each) for each in plain}
        if any(re.search(r"(^|/)\.{0,2}(/|$)|[\\:]", name) for name in contents):
            raise ValueError("a name in it leads elsewhere")
        if pack(contents) != content:
            raise ValueError("not as a bundle is packed")
    except Exception as error:  # what zipfile raises on damage has no common kind
        raise ReleaseError(f"{relative_name(place)}: damaged ({error}); fetch it again") from None
    return contents


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``report.json`` into a finished site; the hashes of its files are added.

    ``report`` holds name, title, authors, description, language and keywords; ``stamp`` the
    fields of a stamp; ``pages`` the documents in reading order; other parts are kept as they are.
    """
    write_whole(folder / NAME, manifest_bytes(manifest, read_folder(folder)))


def manifest_bytes(manifest: Manifest, contents: Contents) -> bytes:
    """Write a manifest of some files as the bytes of its file, with a hash of its own content."""
    document = {**manifest, "files": _hashes(contents), "kind": "report", "format": _FORMATS[0]}
    document["digest"] = _digest(document)
    return f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode()


def read_folder(folder: Path) -> dict[str, bytes]:
    """Read the files of a folder by relative name; a link or an empty folder is refused."""
    contents = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or (path.is_dir() and any(path.iterdir()))):
            shown = relative_name(path)
            raise ReleaseError(f"{shown}: neither a file nor a folder of files; remove it")
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != f"{NAME}.sig":
            contents[name] = path.read_bytes()
    return contents


def check_contents(contents: Contents, shown: str) -> Manifest:
    """Read the manifest among some files, and refuse files that are not as it says."""
    if NAME not in contents:
        lacks = f"{NAME} is missing" if contents else "there is no such place, or nothing in it"
        raise ReleaseError(f"{shown}: {lacks}; build or publish it again")
    try:
        manifest = dict(json.loads(contents[NAME]))
        if manifest["digest"] != _digest(manifest) or manifest["format"] not in _FORMATS:
            raise ValueError("changed after it was written, or by another version of the package")
        files, found = manifest["files"], _hashes(contents)
        version_key(manifest["stamp"]["version"])
        datetime.fromisoformat(manifest["stamp"]["date"])
        if manifest["format"] == 1:
            entries = files | manifest["published"]
            files = {name: entry["sha256"] for name, entry in entries.items()}
        faults = dict.fromkeys(files.keys() - found.keys(), "missing")
    except Exception as error:  # what a forged manifest breaks has no common kind
        raise ReleaseError(f"{shown}/{NAME}: not read: {error}; make it again") from None
    faults |= dict.fromkeys(found.keys() - files.keys(), "extra")
    faults |= {n: "differs" for n in files.keys() & found.keys() if found[n] != files[n]}
    if faults:
        listed = "".join(f"\n  {name}: {faults[name]}" for name in sorted(faults))
        raise ReleaseError(f"{shown}: not as it was made; make it again:{listed}")
    return manifest


def _hashes(contents: Contents) -> dict[str, str]:
    return {n: hashlib.sha256(contents[n]).hexdigest() for n in sorted(contents.keys() - {NAME})}


def _digest(document: Manifest) -> str:
    own = {part: document[part] for part in document if part != "digest"}
    text = json.dumps(own, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What identifies one state of the report.

    ``commit`` is empty where git does not know the report; ``modified`` counts new files too;
    ``released`` says that the commit is that of the release: with its tag and no other files.
    """

    version: str
    date: str
    commit: str
    modified: bool
    released: bool

    @property
    def text(self) -> str:
        """Version, day and commit in one line, as footers print it."""
        commit = f"commit {self.commit[:10]}" if self.commit else "no commit"
        changed = ", modified" if self.modified else ""
        return f"Version {self.version}, {self.date}, {commit}{changed}"


def read_stamp(folder: Path, *, is_draft: bool = False) -> Stamp:
    """Read the stamp of a book folder; ``pyproject.toml`` in it holds the version.

    A draft is of no commit: the stamp is on every page, and would change with the first word.
    """
    commit, changed = ("", []) if is_draft else read_commit(folder)
    version = project_version(folder)
    if not commit:
        return Stamp(version, read_day(), "", False, False)
    known = git(folder, "log", "-1", "--name-only", "--relative", "--format=%ct%n%D%n")
    (seconds, names), files = known.split("\n")[:2], known.split("\n\n", 1)[-1].split()
    own = f"data/releases/{version}.json" in files and all(map(RELEASE_FILES.fullmatch, files))
    released = f"tag: v{version}" in names.split(", ") and own and not changed
    return Stamp(version, read_day(seconds), commit, bool(changed), released)


def version_key(version: str) -> tuple[int, ...]:
    """Give what orders a version among others: its three numbers."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version; write three numbers, such as 1.2.0")
    return tuple(map(int, version.split(".")))


def project_version(folder: Path) -> str:
    """Read the version from ``pyproject.toml``, its one home."""
    path = folder / "pyproject.toml"
    try:
        version = str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(f"{path}: no readable version under [project] ({error})") from None
    version_key(version)
    return version


def read_day(seconds: str = "") -> str:
    """Give the day of ``SOURCE_DATE_EPOCH``, else of the seconds of a commit, else today (UTC)."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or seconds
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return moment.date().isoformat()


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, whatever repository the environment names; failure is an error."""
    variables = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "log.showSignature=false", "-C", str(folder), *arguments]
    return run_program(command, env=variables | {"LC_ALL": "C"}).decode("utf-8", "surrogateescape")


def run_program(command: list[str], **options: Any) -> bytes:
    """Run a program and give what it prints; failure is an error with the program's own words."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, **options)  # noqa: S603
    except OSError as error:
        raise ReleaseError(f"{command[0]} cannot be run ({error.strerror}); install it") from None
    if done.returncode:
        raise ReleaseError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return bytes(done.stdout)


def read_commit(folder: Path) -> tuple[str, list[str]]:
    """Name the commit of a book folder, and the files that differ from it.

    New files count too, chapters and data even if git ignores them. The commit is empty where git
    does not know the folder, as an archive that is unpacked inside another repository.
    """
    try:
        tracked = git(folder, "ls-files", "--", "pyproject.toml")
        commit = git(folder, "rev-parse", "--verify", "HEAD").strip() if tracked else ""
    except ReleaseError as error:
        if not re.search("not a git repository|single revision|cannot be run", str(error)):
            raise
        commit = ""
    if not commit:
        return "", []
    names = git(folder, "diff", "HEAD", "-z", "--name-only", "--no-renames", "--relative")
    names += git(folder, "ls-files", "-z", "--others", "--exclude-standard")
    names += git(folder, "ls-files", "-z", "--others", "--", *_PARTS)
    return commit, sorted({*names.split("\0")} - {""})
