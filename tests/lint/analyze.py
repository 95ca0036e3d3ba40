# SPDX-License-Identifier: ISC
"""What compilers and analyzers can find in src without running it; each finding is a fault.

Usage: analyze.py SOURCE_ROOT BUILD_ROOT [TOOL...]

Runs those of cppcheck, clang-tidy and the analyzer of gcc that are installed, or the ones named. What is looked for by
clang-tidy is in .clang-tidy; what is accepted of the others, and why, is below.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Look-ups that share a buffer are made under a lock (net/names/query.c) or by the only thread, and each
# has its own folder to read.
NOT_REENTRANT = """
    gethostbyname2 gethostent getnetbyaddr getnetbyname getnetent getprotobyname getprotobynumber
    getprotoent getpwnam getpwuid getservbyname getservbyport getservent readdir
""".split()

# Of cppcheck: what it says, and why that is no fault.
ACCEPTED = {
    # One run of a command is a local of its run(), and outlives every callback.
    "autoVariables": None,
    # The number of a descriptor is wanted, not the descriptor; a trace tells the number of one that
    # was closed; main() opens what is to stay open.
    "deallocret": "src/io/fd.c",
    "doubleFree": "src/sys/file.c",
    "leakReturnValNotUsed": "src/main.c",
    # A line without bytes reads none.
    "nullPointer": "src/base/hex.c",
    # Filled in by the call beside it; filled in from the front.
    "uninitvar": ("src/net/inspect/fd_survey.c", "src/out/histogram_text.c"),
}


def suppressions():
    for call in NOT_REENTRANT:
        yield f"--suppress={call}Called"
    for kind, files in ACCEPTED.items():
        for file in [files] if isinstance(files, str) else files or [None]:
            yield f"--suppress={kind}:{file}" if file else f"--suppress={kind}"


def commands(build):
    """Yields (file, words of its compilation without the output) for each file of src."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath(build / entry["file"], build.parent)
        if not path.startswith("src/") or not path.endswith(".c"):
            continue
        words = [word for word in shlex.split(entry["command"]) if os.path.basename(word) != "ccache"]
        for option, length in (("-o", 2), ("-MF", 2), ("-MQ", 2), ("-MD", 1)):
            if option in words:
                at = words.index(option)
                del words[at:at + length]
        yield entry["file"], words


def run(words, folder):
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def run_all(jobs):
    """Runs (words, folder) several at once. Returns whether all were content, and prints what the
    others said."""
    content = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for status, text in pool.map(lambda job: run(*job), jobs):
            if status or ": warning: " in text:
                print(text)
                content = False
    return content


def cppcheck(root, build):
    defines = {word for _, words in commands(build) for word in words
               if word.startswith("-DSOCKCTL")}
    words = ["cppcheck", "-q", "-I", "src", "-D_GNU_SOURCE", "-D__x86_64__", "-D__LP64__",
             *sorted(defines), "--std=c11", "--library=posix,gnu", "--error-exitcode=1",
             "--enable=warning,performance,portability", "--suppress=missingIncludeSystem",
             *suppressions(), "src"]
    return run_all([(words, root)])


def clang_tidy(_, build):
    files = [file for file, _ in commands(build)]
    groups = [files[i:i + 8] for i in range(0, len(files), 8)]
    return run_all([(["clang-tidy", "-p", ".", "--quiet", *group], build) for group in groups])


def gcc(_, build):
    jobs = []
    for _, words in commands(build):
        jobs.append((["gcc", *words[1:], "-fanalyzer", "-fdiagnostics-color=never", "-o",
                      "/dev/null"], build))
    return run_all(jobs)


def main():
    root, build = (Path(word).resolve() for word in sys.argv[1:3])
    tools = {"cppcheck": cppcheck, "clang-tidy": clang_tidy, "gcc": gcc}
    results = {}
    for name, tool in tools.items():
        if name not in (sys.argv[3:] or tools):
            continue
        if shutil.which(name):
            results[name] = tool(root, build)
            print(f"{name}: {'nothing' if results[name] else 'see above'}", flush=True)
        else:
            print(f"{name}: is not installed")
    sys.exit(not results or not all(results.values()))


main()
