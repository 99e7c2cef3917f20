"""Processor time is that of a whole tree of processes, the ended ones too."""

import os
import subprocess
import sys

import pytest

from bench.cpu import seconds_of_tree

BUSY = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BUSY!r}])
print("ended", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_childs_time_counts_after_its_end() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ended\n"
        taken = seconds_of_tree(parent.pid)
        assert taken >= 0.3
        assert seconds_of_tree(os.getpid()) >= taken
