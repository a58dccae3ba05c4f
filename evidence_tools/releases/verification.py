"""Check a build, a bundle or a site of versions; sign one with ``ssh-keygen``."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence_tools.evidence.problems import relative_name
from evidence_tools.releases import manifest as manifests
from evidence_tools.releases.bundle import unpack
from evidence_tools.releases.manifest import ReleaseError
from evidence_tools.releases.publication import read_versions, stale_files

_NAMESPACE = "evidence-report"
_UNSIGNED = (
    "This finds accidents; whoever rewrites the manifest with its files is found by a signature "
    "only: verify with the author's public key."
)
_SIGNED = "The signature fits the key: nothing was changed since its owner signed."


def verify(place: Path, *, key: Path | None = None, signature: Path | None = None) -> str:
    """Hash a build, a bundle or a site of versions again, and compare it with its manifest.

    Parameters
    ----------
    place
        A folder or a zip file; nothing is unpacked or written.
    key
        Public key of the author, from a place that you trust; with it signatures are checked.
    signature
        The signature of a build or a bundle, if it does not lie where :func:`sign` puts it.
    """
    if signature and not key:
        raise ReleaseError("a signature says nothing without the public key of the author; give it")
    if (place / "v").is_dir() and not (place / manifests.NAME).exists():
        versions = read_versions(place)
        if stale := stale_files(versions, place):
            names = ", ".join(relative_name(path) for path in stale)
            raise ReleaseError(f"{names}: missing or changed; publish the newest build again")
        signed, said = [place / "v" / version for version in versions], ", ".join(versions)
    else:
        contents = unpack(place) if place.is_file() else manifests.read_folder(place)
        manifest = manifests.check_contents(contents, relative_name(place))
        signed, said = [place], manifest["stamp"]["version"]
    if key:
        for part in signed:
            _check_signature(part, key, signature)
    return f"{place}: all files of version {said} as made. {_SIGNED if key else _UNSIGNED}"


def sign(place: Path, key: Path) -> Path:
    """Sign a sound build or bundle with a private ssh key; the signature lies beside."""
    verify(place)
    signed, signature = _signed(place)
    options = ["-Y", "sign", "-f", str(key), "-n", _NAMESPACE]
    manifests.write_whole(signature, _ssh_keygen(options, signed.read_bytes()))
    return signature


def _signed(place: Path) -> tuple[Path, Path]:
    """Say which file is signed, and where its signature lies."""
    signed = place if place.is_file() else place / manifests.NAME
    return signed, signed.with_name(f"{signed.name}.sig")


def _check_signature(place: Path, key: Path, signature: Path | None) -> None:
    signed, beside = _signed(place)
    with TemporaryDirectory(prefix="evidence-") as scratch:
        allowed = Path(scratch, "signers")
        allowed.write_text(f"author {key.read_text('utf-8').strip()}\n", encoding="utf-8")
        options = ["-Y", "verify", "-f", str(allowed), "-I", "author", "-n", _NAMESPACE]
        try:
            _ssh_keygen([*options, "-s", str(signature or beside)], signed.read_bytes())
        except ReleaseError as error:
            message = f"not what the owner of {key} signed"
            raise ReleaseError(f"{relative_name(signed)}: {message} ({error})") from None


def _ssh_keygen(options: list[str], content: bytes) -> bytes:
    command = ["ssh-keygen", *options]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=content, capture_output=True, check=False
        )
    except OSError:
        raise ReleaseError("ssh-keygen cannot be run; install OpenSSH") from None
    if done.returncode:
        raise ReleaseError(f"ssh-keygen: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
