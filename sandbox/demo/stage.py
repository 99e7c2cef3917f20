"""Where the demonstration plays: its ports, its folder, and the environment of its processes."""

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"


class PortTakenError(Exception):
    """Somebody else listens on a port the demonstration needs."""


@dataclass(frozen=True)
class Stage:
    """Two ports on this machine and a folder for everything that is written."""

    web_port: int
    sandbox_port: int
    folder: Path

    @property
    def web_url(self) -> str:
        """The portal's address."""
        return f"http://localhost:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        """The stand-ins' address."""
        return f"http://localhost:{self.sandbox_port}"

    @property
    def mail_folder(self) -> Path:
        """Where the portal's mails arrive, one file each."""
        return self.folder / "mail"

    @property
    def log_folder(self) -> Path:
        """Where each process writes what it has to say."""
        return self.folder / "log"

    @property
    def database_url(self) -> str:
        """A database in the folder, for a demonstration that keeps nothing."""
        return f"sqlite:///{quote(str(self.folder / 'db.sqlite3'))}"

    def prepare(self) -> None:
        """Make the folders for mails and logs."""
        for each in (self.mail_folder, self.log_folder):
            each.mkdir(parents=True, exist_ok=True)

    def forget_last_time(self) -> None:
        """Delete what a demonstration leaves behind, and nothing else that may lie in the folder."""
        for each in (self.mail_folder, self.log_folder):
            shutil.rmtree(each, ignore_errors=True)
        for file in self.folder.glob("db.sqlite3*"):
            file.unlink()

    def environment(self) -> dict[str, str]:
        """The variables that make the portal speak to the sandbox instead of the real services."""
        return {
            "DJANGO_SETTINGS_MODULE": "connector_portal.settings",
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": f"localhost,{LOOPBACK}",
            "no_proxy": f"localhost,{LOOPBACK}",
            "SITE_URL": self.web_url,
            "ALLOWED_HOSTS": f"localhost,{LOOPBACK}",
            "CSRF_TRUSTED_ORIGINS": self.web_url,
            "EMAIL_URL": f"filemail://{quote(str(self.mail_folder))}",
            "PIPEDRIVE_CLIENT_ID": "sandbox-client",
            "PIPEDRIVE_CLIENT_SECRET": "sandbox-secret",
            "PIPEDRIVE_OAUTH_URL": f"{self.sandbox_url}/pipedrive",
            "PIPEDRIVE_API_URL": f"{self.sandbox_url}/pipedrive",
            "MUSTALINJA_API_URL": f"{self.sandbox_url}/mustalinja",
            "SANDBOX_CLIENT_ID": "sandbox-client",
            "SANDBOX_CLIENT_SECRET": "sandbox-secret",
            "SANDBOX_REDIRECT_URI": f"{self.web_url}/integrations/pipedrive/callback/",
        }

    def sandbox_command(self) -> list[str]:
        """One worker only: the sandbox's state is its memory."""
        return _gunicorn("sandbox.wsgi", self.sandbox_port, "--workers=1", "--threads=16")

    def web_command(self) -> list[str]:
        """The portal as in production, small."""
        return _gunicorn("connector_portal.wsgi", self.web_port, "--workers=2", "--access-logfile=-")


def _gunicorn(application: str, port: int, *options: str) -> list[str]:
    common = [f"--bind={LOOPBACK}:{port}", "--graceful-timeout=5", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", application, *options, *common]


def chosen_port(variable: str, default: int) -> int:
    """The port that the environment names, or the default.

    Raises:
        PortTakenError: it is in use, or no port at all.
    """
    text = os.environ.get(variable, "") or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise PortTakenError(f"{variable}={text} is not a port. Give a number from 1 to 65535.")
    try:
        return _try_port(int(text))
    except OSError as error:
        raise PortTakenError(
            f"Port {text} cannot be used ({error.strerror}). End what listens there, or choose another port: "
            f"{variable}=<port> make run"
        ) from error


def free_port() -> int:
    """A port that nobody uses."""
    return _try_port(0)


def _try_port(number: int) -> int:
    with socket.socket() as probe:
        # As gunicorn does: connections of an earlier run that are still closing do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, number))
        return int(probe.getsockname()[1])
