"""What is kept of Pipedrive's limits: how fast requests may leave, why it is left alone, what its tokens go to."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.operations import OPERATION_CHOICES

SMALLEST_BURST_LIMIT = 80
"""Requests in any two seconds with one OAuth token on Pipedrive's smallest plan; its answers tell the plan's own.

Source: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
"""


class PauseKind(models.TextChoices):
    """Why Pipedrive is left alone for a while."""

    OUTAGE = "outage", _("Pipedrive does not answer")
    RATE_LIMITED = "rate_limited", _("Pipedrive asks to slow down")
    DAY_SPENT = "day_spent", _("the day's tokens are spent")
    BLOCKED = "blocked", _("shut out by Pipedrive's network")
    CLOSED = "closed", _("the Pipedrive account is not open")


class BurstLimit(models.Model):
    """When the next request of a connection may leave, for all workers together. Written with each request, so it is a
    small row of its own and not the one with the tokens.
    """

    connection = models.OneToOneField(
        "integrations.PipedriveConnection",
        models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("connection"),
    )
    requests = models.PositiveIntegerField(
        _("requests in two seconds"), default=SMALLEST_BURST_LIMIT, help_text=_("As Pipedrive has told.")
    )
    send_next_at = models.DateTimeField(_("next request"), default=timezone.now)
    search_next_at = models.DateTimeField(_("next search"), default=timezone.now)

    class Meta:
        verbose_name = _("burst limit")
        verbose_name_plural = _("burst limits")

    def __str__(self) -> str:
        return str(self.connection_id)


class TokenSpending(models.Model):
    """Tokens of a Pipedrive account that the connector has spent on one day (UTC) on one kind of request."""

    account = models.ForeignKey(
        "integrations.PipedriveAccount",
        models.CASCADE,
        related_name="spending",
        verbose_name=_("Pipedrive account"),
        db_index=False,
    )
    day = models.DateField(_("day (UTC)"))
    operation = models.CharField(_("operation"), max_length=20, choices=OPERATION_CHOICES)
    requests = models.PositiveIntegerField(_("requests"), default=0)
    tokens = models.PositiveIntegerField(_("tokens"), default=0)

    class Meta:
        verbose_name = _("spent tokens")
        verbose_name_plural = _("spent tokens")
        ordering: ClassVar = ["-day", "account", "-tokens"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day", "operation"], name="token_spending_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_operation_display()}"
