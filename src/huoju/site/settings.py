"""Settings. What a deployment may change comes from the environment (`HUOJU_…`): see `docs/operator.md`."""

import os
from pathlib import Path

import django_stubs_ext
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from huoju.core.database import data_dir, database_settings

django_stubs_ext.monkeypatch()

PACKAGE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_dir()

DEBUG = os.environ.get("HUOJU_DEBUG", "") == "1"


def _secret_key() -> str:
    """The signing key: from the environment, else made once and kept in the data folder."""
    if key := os.environ.get("HUOJU_SECRET_KEY"):
        return key
    path = DATA_DIR / "secret.key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        # O_EXCL: two processes that start together must end with one key.
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(os.urandom(48).hex())
        except FileExistsError:
            pass
    return path.read_text()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("HUOJU_OLD_SECRET_KEYS", "").split(",") if key]
ALLOWED_HOSTS = os.environ.get("HUOJU_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
PUBLIC_URL = os.environ.get("HUOJU_PUBLIC_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# Wings in the order of a lead's life, rooms in the order in which they may import each other: left imports
# right.
WINGS = {
    "measure": ["funnel", "warehouse"],
    "convert": ["onboarding", "deals", "workbench", "routing"],
    "qualify": ["intake", "recognition", "scoring", "leads", "cleaning"],
    "acquire": ["imports", "forms", "campaigns"],
    "hub": ["privacy", "segments", "profile", "matching", "consent", "identity", "companies"],
    "core": ["search", "lake", "facts", "access", "ui"],
}

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_tables2",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "huoju.site",
    *(f"huoju.{wing}.{room}" for wing, rooms in WINGS.items() for room in rooms),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "huoju.core.access.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "huoju.core.ui.middleware.UserErrorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]

ROOT_URLCONF = "huoju.site.urls"
WSGI_APPLICATION = "huoju.site.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "site" / "templates"],  # before the parts' own: allauth's pages in our look
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "huoju.core.ui.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "huoju.core.ui.context.shell",
            ],
        },
    }
]

DATABASES = database_settings(DATA_DIR)
# A lead's score is a leaf: the database may delete it, though the lead's other relations cascade in Python.
SILENCED_SYSTEM_CHECKS = ["fields.E323"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"  # each room's jobs.py, see core/jobs.py

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "huoju.core.access.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
# Failed sign-ins are counted across all processes by `AccountAdapter`; allauth counts in each process for itself.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if os.environ.get("HUOJU_BEHIND_PROXY") == "1" else 0
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a mailed link is good for; the mail says an hour
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE_DIR / wing / "locale" for wing in ("site", *WINGS)]
LANGUAGE_COOKIE_NAME = "huoju_language"
TIME_ZONE = os.environ.get("HUOJU_TIME_ZONE", "Asia/Shanghai")
CURRENCY = os.environ.get("HUOJU_CURRENCY", "CNY")
COUNTRY = os.environ.get("HUOJU_COUNTRY", "CN")
USE_I18N = True
USE_TZ = True

# Mail goes to the server of HUOJU_SMTP_HOST; without one it is kept as files, so that nothing leaves by mistake.
_SMTP = {
    "host": os.environ.get("HUOJU_SMTP_HOST", ""),
    "port": int(os.environ.get("HUOJU_SMTP_PORT", "587")),
    "username": os.environ.get("HUOJU_SMTP_USER", ""),
    "password": os.environ.get("HUOJU_SMTP_PASSWORD", ""),
    "use_tls": os.environ.get("HUOJU_SMTP_TLS", "1") == "1",
    "timeout": 20,
}
TWO_PERSON_ERASURE = os.environ.get("HUOJU_TWO_PERSON_ERASURE", "") == "1"
MAILERS = {
    "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": _SMTP}
    if _SMTP["host"]
    else {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(DATA_DIR / "mail")},
    }
}
DEFAULT_FROM_EMAIL = os.environ.get("HUOJU_MAIL_FROM", "huoju@localhost")

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Hashed names need `collectstatic` first; tests go without.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if os.environ.get("HUOJU_PLAIN_STATIC") == "1"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "files"
LAKE_URL = os.environ.get("HUOJU_LAKE_URL") or str(DATA_DIR / "lake")
LAKE_ENGINE = os.environ.get("HUOJU_ENGINE") or "duckdb"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
UPLOAD_MAX_SIZE = 1024**3 + 1024**2  # an import's largest file, and the form around it
FILE_UPLOAD_HANDLERS = [
    "huoju.core.access.uploads.UploadGate",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("HUOJU_BEHIND_PROXY") == "1" else None
)

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "ui/table.html"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "huoju.core.privacy.MaskPersonalData"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]}},
    # Several lines a job otherwise; failures are errors and still show.
    "loggers": {"procrastinate": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": os.environ.get("HUOJU_LOG_LEVEL", "INFO")},
}
