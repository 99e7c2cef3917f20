"""How log lines look: LOG_FORMAT, for the portal's own loggers, for warnings and for gunicorn's."""

import logging
import logging.config
import os
from pathlib import Path
from typing import Any, ClassVar

import environ
from gunicorn.config import Config
from gunicorn.glogging import Logger
from pythonjsonlogger.json import JsonFormatter

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"


def json_formatter() -> JsonFormatter:
    """One JSON object a line."""
    return JsonFormatter("{asctime}{levelname}{name}{message}", style="{")


def configure(config: dict[str, Any]) -> None:
    """Django's logging, and warnings as lines of it: they come as plain text otherwise."""
    logging.config.dictConfig(config)
    logging.captureWarnings(capture=True)


class _Apart(environ.Env):  # type: ignore[misc]
    """What is read from .env stays here."""

    ENVIRON: ClassVar = dict(os.environ)


class GunicornLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines in the portal's format. A `logconfig_dict` would do it, too, but gunicorn then makes up a
    line of an access log for each request, whether or not it is told to keep one.
    """

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        if _log_format() != "json":
            return
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            if isinstance(handler, logging.StreamHandler) and getattr(handler, "_gunicorn", False):
                handler.setFormatter(json_formatter())


def _log_format() -> str:
    """LOG_FORMAT of the environment or of .env. What .env says is not put into the environment of gunicorn's first
    process: the others would inherit it, and read .env in vain when they are told to begin anew.
    """
    _Apart.read_env(ENV_FILE)
    log_format: str = _Apart().str("LOG_FORMAT", default="console")
    return log_format
