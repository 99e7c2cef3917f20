"""Organizations that a rep does not see in Pipedrive."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class HiddenOrganization(models.Model):
    """An organization with which Pipedrive has refused an activity, because the rep does not see it: colleagues may."""

    connection = models.ForeignKey(
        "integrations.PipedriveConnection",
        models.CASCADE,
        related_name="+",
        verbose_name=_("connection"),
        db_index=False,
        # An older version beside this one knows no such table and deletes connections all the same.
        db_constraint=False,
    )
    organization_id = models.BigIntegerField(_("organization in Pipedrive"))
    hidden_at = models.DateTimeField(_("refused"))

    class Meta:
        verbose_name = _("hidden organization")
        verbose_name_plural = _("hidden organizations")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "organization_id"], name="hidden_organization_once")
        ]

    def __str__(self) -> str:
        return str(self.organization_id)
