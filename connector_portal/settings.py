"""Settings of the portal. Every variable of the environment is described in docs/configuration.md."""

from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from connector_portal.environment import (
    BASE_DIR,
    database,
    email,
    env,
    field_encryption_keys,
    order_secrets,
    origin,
    secret_key,
)

# Generic classes such as FormView[SomeForm] are types to mypy; at run time Django must be told to accept them.
django_stubs_ext.monkeypatch()

SECRET_KEY = secret_key()
FIELD_ENCRYPTION_KEYS = field_encryption_keys()
DEBUG = env.bool("DEBUG", default=False)

SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
SITE_IS_HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", urlsplit(SITE_URL).hostname])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[origin(SITE_URL)])

# The outside world
PIPEDRIVE_CLIENT_ID = env.str("PIPEDRIVE_CLIENT_ID", default="")
PIPEDRIVE_CLIENT_SECRET = env.str("PIPEDRIVE_CLIENT_SECRET", default="")
PIPEDRIVE_OAUTH_URL = env.str("PIPEDRIVE_OAUTH_URL", default="https://oauth.pipedrive.com").rstrip("/")
PIPEDRIVE_API_URL = env.str("PIPEDRIVE_API_URL", default="").rstrip("/")
ORDERS_SECRETS = order_secrets()
MUSTALINJA_API_URL = env.str("MUSTALINJA_API_URL", default="").rstrip("/")

INSTALLED_APPS = [
    "support.apps.SupportConfig",
    "calls",
    "integrations",
    "accounts",
    "guide",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "django_q",
    "drf_spectacular",
    "rest_framework",
    "support.apps.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "connector_portal.patience.PatienceMiddleware",
    "connector_portal.short_way.ShortWayMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.language.PersonLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.staff_sessions.StaffSessionMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "support.viewing_middleware.ViewingMiddleware",
]

ROOT_URLCONF = "connector_portal.urls"
WSGI_APPLICATION = "connector_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# Data
DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "connector_portal.forgetful_cache.ForgetfulRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "retry": None},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# How long things are kept (docs/privacy.md). The books need calls for 35 days.
KEEP_DELIVERIES_DAYS = max(1, env.int("KEEP_DELIVERIES_DAYS", default=30))
KEEP_CALLS_MONTHS = max(2, env.int("KEEP_CALLS_MONTHS", default=24))
KEEP_AUDIT_MONTHS = max(1, env.int("KEEP_AUDIT_MONTHS", default=24))

# The queue. The call's row is the truth and the queue only a nudge, so a task runs once and is then forgotten:
# trying again, and when, is on the row (calls/models.py). Measured: polling PostgreSQL every 0.05 s starts an idle task
# in 39 ms (SQLite is not polled, see calls/worker/empty_queue.py); keeping successful results costs five sixths of the
# throughput.
Q_CLUSTER: dict[str, Any] = {
    "name": "connector",
    "workers": 4,
    "queue_limit": 8,
    "timeout": 120,
    "retry": 180,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "poll": 0.05,
    "label": _("Queue"),
} | ({"broker_class": "integrations.redis_broker.RedisBroker", "redis": REDIS_URL} if REDIS_URL else {"orm": "default"})

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "integrations:overview"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm", "signup": "accounts.forms.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_ADAPTER = "integrations.second_factor.SecondFactorAdapter"
MFA_TOTP_ISSUER = "Mustalinja Connector"
# The codes of the half minutes before and after hold, too: phones' clocks are not exact.
MFA_TOTP_TOLERANCE = 1
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# A whole sales team signs up and logs in from one office address in the same minutes; allauth's own limits are 20 and
# 30. Its limits on failed log-ins (10 a minute from one address, 5 in five minutes for one account) stay.
ACCOUNT_RATE_LIMITS = {
    "signup": "200/m/ip",
    "login": "200/m/ip",
    "account_already_exists": "1/3m/key",
    "orders": "20/m/ip",
}

# Mail
vars().update(email())
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Mustalinja Connector <asiakaspalvelu@saashop.fi>")

# Language and time: UTC inside, Helsinki where people read
LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", "Suomi"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "connector_portal.formats"
TIME_ZONE = "Europe/Helsinki"
USE_TZ = True

# Static files. Without `collectstatic` they are served as they lie in the source tree, so the portal looks right
# before anybody has run it. Names with hashes in them would fail every page there (a manifest must exist).
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

# Security
SESSION_COOKIE_SECURE = SITE_IS_HTTPS
CSRF_COOKIE_SECURE = SITE_IS_HTTPS
LANGUAGE_COOKIE_SECURE = SITE_IS_HTTPS
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
STAFF_IDLE_SECONDS = env.int("STAFF_IDLE_SECONDS", default=1800)
SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SITE_IS_HTTPS
SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # "Connect Pipedrive" is a form whose answer leads to Pipedrive's consent page; browsers hold the whole
        # chain of redirects against form-action.
        "form-action": ["'self'", origin(PIPEDRIVE_OAUTH_URL), "https://*.pipedrive.com"],
    }
}

# JSON API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first says in which way whoever sends no credentials is asked for them: 401, Bearer.
        "accounts.token_authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mustalinja Connector",
    "DESCRIPTION": "Calls of a company and what became of each of them in Pipedrive.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "CallStatus": "calls.reasons.Status",
        "CallReason": "calls.reasons.Reason",
        "LogRule": "calls.models.LogRule",
        "KindOfCall": "calls.policy.RULES",
    },
}

# Monitoring
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console")
LOGGING_CONFIG = "connector_portal.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "connector_portal.logs.json_formatter"},
    },
    "filters": {
        "secret_addresses": {"()": "connector_portal.secret_addresses.SecretAddressFilter"},
        "refused_rows": {"()": "connector_portal.secret_addresses.RefusedRowFilter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["secret_addresses", "refused_rows"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # One line for each task queued and done would drown the rest; its warnings and errors are kept.
        "django-q": {"handlers": [], "level": "WARNING", "propagate": True},
        # Its debug lines are whole addresses, and a search's address holds a customer's telephone number.
        "urllib3": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
