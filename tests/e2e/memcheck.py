# SPDX-License-Identifier: ISC
"""Runs tests with the program under valgrind's memcheck, and lists what it finds.

Usage: memcheck.py PROGRAM [PYTEST_WORD...]

Without words a sample of the tests is taken. A test that is too slow there proves nothing, so only
what memcheck says counts.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SAMPLE = ["test_bytes.py", "test_json.py", "test_unix.py", "test_names_tables.py",
          "test_options.py", "test_many.py"]
FAULT = re.compile(r"^==\d+== (Invalid |Use of |Conditional jump|Syscall param|Mismatched|"
                   r"Source and destination|.* definitely lost)")


def run(program, words, logs):
    options = ["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite",
               f"--suppressions={HERE / 'memcheck.supp'}", f"--log-file={logs}/%p"]
    env = {**os.environ, "SOCKCTL": program, "SOCKCTL_WRAPPER": " ".join(options),
           "SOCKCTL_TEST_DEADLINE": "120", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "2", "--tb=no", *words], cwd=HERE,
                   env=env, check=False)


def main():
    program, *words = sys.argv[1:]
    faults = processes = 0
    with tempfile.TemporaryDirectory() as logs:
        run(program, words or SAMPLE, logs)
        for log in sorted(Path(logs).iterdir()):
            text = log.read_text(encoding="utf-8", errors="replace")
            found = [line for line in text.splitlines() if FAULT.match(line)]
            processes += 1
            faults += len(found)
            if found:
                print(text)
    print(f"memcheck: {processes} runs of the program, {faults} faults")
    sys.exit(1 if faults or not processes else 0)


main()
