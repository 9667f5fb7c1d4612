"""The toolchains that no README installs, into a folder that later runs find again, and what was used, by version.

Each is pinned with the digests of its files. Python and Rust are the machine's own; the version of Rust is the one that the
host is built with.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# By the file in which a project says what it is made with.
OF_PACKAGES = {"package.json": "node", "go.mod": "go"}


def rust_version() -> str:
    return tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]


def install(template: Path, kept: Path) -> list[Path]:
    """Installs what a template needs beyond its README, and downloads what its README has pip install; answers the folders of
    programs."""
    folders = []
    for manifest, tool in OF_PACKAGES.items():
        if (template / manifest).exists():
            folder = kept / tool
            _once(HERE / f"{tool}.txt", folder, "install")
            folders.append(folder / "bin")
    if (template / "requirements.txt").exists():
        _once(template / "requirements.txt", kept / "wheels" / template.name, "download")
    return folders


def _once(pins: Path, folder: Path, verb: str) -> None:
    """Makes an environment with what is pinned, unless it is there: installed, or as files."""
    mark = folder / "pins.txt"
    if mark.exists() and mark.read_text() == pins.read_text():
        return
    shutil.rmtree(folder, ignore_errors=True)
    # Debian's Python has pip in such an environment alone.
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin/python", "-m", "pip", verb]
    if verb == "download":
        pip += ["--no-deps", "--dest", folder]
    subprocess.run([*pip, "--quiet", "--require-hashes", "--requirement", pins], check=True, timeout=900)
    mark.write_text(pins.read_text())


def environment(programs: list[Path], kept: Path, work: Path, address: str) -> dict[str, str]:
    """An author's environment. What is downloaded is kept; what is compiled is not, so that every build is a first one."""
    ours = re.compile(r"ANVIL_|ANTHROPIC_|CARGO_(TARGET|BUILD|PROFILE|ENCODED)|RUSTFLAGS|RUSTC|GO(FLAGS|OS|ARCH|ROOT|CACHE)")
    env = {name: value for name, value in os.environ.items() if not ours.match(name)}
    wheels = [folder.as_uri() for folder in (kept / "wheels").glob("*")]
    return env | {
        "PATH": os.pathsep.join([*map(str, programs), env["PATH"]]),
        "ANVIL_SERVER_LISTEN": address,
        # A machine with few processors and much to do is no fault of a plugin.
        "ANVIL_SANDBOX_COMPILE_S": "200",
        "RUSTUP_TOOLCHAIN": rust_version(),
        "GOTOOLCHAIN": "local",
        "XDG_CACHE_HOME": str(work / "cache"),
        "PIP_FIND_LINKS": " ".join([env.get("PIP_FIND_LINKS", ""), *wheels]).strip(),
        "npm_config_cache": str(kept / "npm"),
        "NO_COLOR": "1",
    }


def versions(project: Path, env: dict[str, str]) -> str:
    """What a project was built with: of its manifests, and of the programs that it calls."""

    def said(command: str) -> str:
        answer = subprocess.run(command, shell=True, cwd=project, env=env, capture_output=True, text=True, check=True)
        return re.search(r"\d+(\.\d+)+", answer.stdout)[0]

    found = []
    if (project / "Cargo.toml").exists():
        found.append(f"Rust {said('rustc --version')}")
        wanted = tomllib.loads((project / "Cargo.toml").read_text())["dependencies"]
        for name, which in wanted.items():
            found.append(f"{name} {(which if isinstance(which, str) else which['version']).lstrip('=')}")
    if (project / "go.mod").exists():
        found.append(f"Go {said('go version')}")
    if (project / "requirements.txt").exists():
        found.append(f"Python {said('python3 --version')}")
        found += re.findall(r"^([\w-]+==[\w.]+)", (project / "requirements.txt").read_text(), re.MULTILINE)
    if (project / "package.json").exists():
        found.append(f"Node {said('node --version')}")
        wanted = json.loads((project / "package.json").read_text())["devDependencies"]
        found += [f"{name} {version}" for name, version in wanted.items()]
    return ", ".join(found).replace("==", " ")
