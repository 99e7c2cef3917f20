from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SupportConfig(AppConfig):
    name = "support"
    verbose_name = _("Support")

    def ready(self) -> None:
        from support import receivers  # noqa: F401, PLC0415 - registered once the models exist
        from support.roles import keep_roles  # noqa: PLC0415 - importable once the models exist

        # Django tells it of apps that have models.
        post_migrate.connect(keep_roles, sender=apps.get_app_config("accounts"))


class SupportAdminConfig(AdminConfig):
    """Django admin on support's own site."""

    default_site = "support.site.SupportSite"
