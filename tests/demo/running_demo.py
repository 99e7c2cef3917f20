"""The demonstration as a child process, and what of its processes is left."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

REPOSITORY = Path(__file__).resolve().parents[2]
PROC = Path("/proc")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Demo:
    """A demonstration in a folder of its own. Every process it starts inherits the mark."""

    folder: Path
    web_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: f"DEMO_MARK={uuid4()}")

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start it in a process group of its own, as a shell does."""
        name, value = self.mark.split("=")
        environment = {
            **os.environ,
            name: value,
            "WEB_PORT": str(self.web_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "DATABASE_URL": f"sqlite:///{self.folder}/kept.sqlite3",
            "REDIS_URL": "",
        }
        command = [sys.executable, "-m", "sandbox.demo", "--folder", str(self.folder), *options]
        with self.output_file.open("wb") as output:
            return subprocess.Popen(
                command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output, process_group=0
            )

    @property
    def output_file(self) -> Path:
        """Where it prints to."""
        return self.folder / "output.txt"

    def output(self) -> str:
        """What it has printed so far."""
        return self.output_file.read_text(encoding="utf-8")

    def leftovers(self) -> list[str]:
        """What is still there of it: open ports among those it told of, and, where the system tells, processes."""
        told = sorted(set(re.findall(r"http://localhost:(\d+)", self.output())))
        ports = [f"port {port}" for port in told if _listens(int(port))]
        return ports + [_command_line(pid) for pid in self.marked()]

    def marked(self, word: str = "") -> list[int]:
        """Its living processes whose command line contains a word, oldest first."""
        mark = self.mark.encode()
        pids = sorted(int(each.name) for each in PROC.glob("[0-9]*"))
        return [pid for pid in pids if mark in _read(pid, "environ").split(b"\0") and word in _command_line(pid)]


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, for so long at most."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def press_ctrl_c(process: "subprocess.Popen[bytes]") -> None:
    """Signal the whole group, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _command_line(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")


def _read(pid: int, name: str) -> bytes:
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
