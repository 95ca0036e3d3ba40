# SPDX-License-Identifier: ISC
"""What `meson install` puts where, and that it works there; what is in the archive of `meson dist`."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import PROGRAM, SANITIZED
from shells import SHELLS

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(PROGRAM).resolve().parent


def run(*words, **how):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False,
                          timeout=300, **how)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the files are, below a directory that stands in for the root."""
    root = tmp_path_factory.mktemp("root")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    options = json.loads(run("meson", "introspect", "--buildoptions", BUILD))
    prefix = next(o["value"] for o in options if o["name"] == "prefix")
    return root / prefix.lstrip("/")


@pytest.fixture(scope="module")
def version():
    return json.loads(run("meson", "introspect", "--projectinfo", BUILD))["version"]


def test_files_are_where_the_system_looks(installed):
    found = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    pages = {f"share/man/man{page.suffix[1]}/{page.name}" for page in ROOT.glob("man/*.[17]")}
    assert found == pages | {
        "bin/sockctl",
        "share/bash-completion/completions/sockctl",
        "share/zsh/site-functions/_sockctl",
        "share/fish/vendor_completions.d/sockctl.fish",
    }
    assert len(pages) > 15
    assert os.access(installed / "bin" / "sockctl", os.X_OK)


@pytest.mark.parametrize("options, folder", [
    (["--prefix=/usr"], "/usr/share/zsh/vendor-completions" if Path("/etc/debian_version").exists()
     else "/usr/share/zsh/site-functions"),
    (["--prefix=/usr", "-Dzsh_folder=/opt/zsh"], "/opt/zsh"),
])
def test_folder_of_zsh(tmp_path, options, folder):
    run("meson", "setup", "-Dtests=false", "-Dtls=disabled", "-Dsandbox=disabled", *options, tmp_path,
        ROOT)
    installed = json.loads(run("meson", "introspect", "--installed", tmp_path))
    assert f"{folder}/_sockctl" in installed.values()


def test_version_is_that_of_the_project(installed, version):
    first, *rest = run(installed / "bin" / "sockctl", "--version").splitlines()
    assert first == f"sockctl {version}"
    assert re.fullmatch(r"libraries: libuv \S+, jansson \S+, glibc \S+", rest[0])
    assert rest[1].startswith("tls: ")
    if rest[1] != "tls: none in this build":
        assert rest.pop(2).startswith("trust: ")
    features = rest[2].split()
    assert features[0] == "features:" and {"tcp", "udp", "unix", "json", "trace"} <= set(features)
    assert ("sanitizers" in features) == SANITIZED
    assert rest[3].startswith("sandbox: ")  # what this kernel has
    assert len(rest) == 4


def test_version_as_json_says_the_same(installed):
    lines = dict(line.split(": ", 1) for line in run(installed / "bin" / "sockctl", "--version").splitlines()[1:])
    told = json.loads(run(installed / "bin" / "sockctl", "--version", "--json"))
    assert ", ".join(f"{name} {version}" for name, version in told["libraries"].items()) == lines["libraries"]
    assert " ".join(told["features"]) == lines["features"]
    assert (told["tls"] is None) == (lines["tls"] == "none in this build")
    assert told["sandbox"]["seccomp"] == ("seccomp" in lines["sandbox"])
    assert told["sandbox"]["landlock"] == int((re.search(r"Landlock (\d+)", lines["sandbox"]) or [0, 0])[1])


@pytest.mark.parametrize("man", [pytest.param(name, marks=pytest.mark.needs(name))
                                 for name in ("man", "mman")])
def test_manual_is_found(installed, man):
    env = {**os.environ, "MANPAGER": "cat", "PAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
    for page in ("sockctl", "sockctl-connect"):
        text = run(man, "-M", installed / "share" / "man", page, env=env)
        text = re.sub(r".\x08", "", text)
        assert page in text and "\nEXAMPLES\n" in text


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.needs(name))
                                  for name in SHELLS])
def test_tab_works(installed, tmp_path, name):
    """Nothing is sourced: each shell finds the completion by itself."""
    share = installed / "share"
    env = {"PATH": f"{installed}/bin:{os.environ['PATH']}", "HOME": str(tmp_path),
           "LC_ALL": "C.UTF-8", "XDG_DATA_DIRS": f"{share}:/usr/local/share:/usr/share"}
    setup = {
        "bash": ["source /usr/share/bash-completion/bash_completion"],
        "zsh": [f"fpath=({share}/zsh/site-functions $fpath)"],
        "fish": [],
    }[name]
    shell = SHELLS[name](tmp_path, env, setup)
    try:
        assert shell.complete("sockctl conn") == ("connect", True)
        assert shell.complete("sockctl connect --timeo") == ("--timeout=", False)
    finally:
        shell.close()


@pytest.mark.timeout(600)
@pytest.mark.needs("git")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the source is no clone")
def test_archive_builds_and_passes_tests_offline(tmp_path, version):
    """By the recipe of the README; one small test stands for all that there are."""
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone)
    run("meson", "setup", clone / "build", "-Dtests=false", cwd=clone)
    run("meson", "dist", "--no-tests", "--formats", "gztar", cwd=clone / "build")
    run("tar", "-xf", clone / f"build/meson-dist/sockctl-{version}.tar.gz", cwd=tmp_path)
    source = tmp_path / f"sockctl-{version}"
    assert {"README.md", "CONTRIBUTING.md", "NEWS.md", "COPYING", "meson.build",
            ".ci"} <= set(os.listdir(source))

    offline = ["unshare", "--net"] if os.geteuid() == 0 else []
    env = {**os.environ, "CCACHE_BASEDIR": str(source)}  # what is compiled elsewhere is the same
    recipe = re.findall(r"^```sh\n(.*?)^```$", (source / "README.md").read_text(), re.M | re.S)[2]
    run(*offline, "bash", "-c", recipe, cwd=source, env=env)
    root = source / "root" / "usr"
    assert run(root / "bin" / "sockctl", "--version").startswith(f"sockctl {version}\n")
    assert (root / "share" / "man" / "man1" / "sockctl.1").exists()
    run(*offline, "meson", "configure", "build", "-Dtests=true", cwd=source)
    run(*offline, "ninja", "-C", "build", "tests/unit/test_value", cwd=source, env=env)
    run(*offline, "meson", "test", "-C", "build", "--no-rebuild", "value", cwd=source)
