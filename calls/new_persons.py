"""The persons that the portal has created in Pipedrive."""

import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models import PipedriveAccount

OUTCOME_KNOWN_AFTER = datetime.timedelta(seconds=30)
"""Longer than a request may take: an attempt that has no outcome by then is looked for in the list of changed persons
before another one is made.
"""


class NewPerson(models.Model):
    """A person that was created for an unknown number, or is just being created: each number gets one."""

    account = models.ForeignKey(
        PipedriveAccount, models.CASCADE, related_name="+", verbose_name=_("Pipedrive account"), db_index=False
    )
    number = models.CharField(_("number"), max_length=20)
    began_at = models.DateTimeField(_("begun"), default=timezone.now)
    person_id = models.BigIntegerField(_("person in Pipedrive"), null=True)

    class Meta:
        verbose_name = _("created person")
        verbose_name_plural = _("created persons")
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "number"], name="new_person_once")]

    def __str__(self) -> str:
        return str(self.person_id or "")
