"""Order: what the web shop has ordered, each number once."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Order(models.Model):
    """An order that was carried out. It names no person: whom the codes were mailed to is not kept.

    Attributes:
        number: the web shop's, unique: the same order sent again is not carried out again.
        digest: a keyed digest of what was ordered, which tells the same order from another of its number.
        answer: what the web shop was told, and is told again.
    """

    class Kind(models.TextChoices):
        NEW = "new", _("new")
        RENEWAL = "renewal", _("renewal")
        CANCELLATION = "cancellation", _("cancellation")

    number = models.CharField(_("order number"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    company = models.ForeignKey(
        "accounts.Company", models.SET_NULL, null=True, related_name="orders", verbose_name=_("company")
    )
    seats = models.PositiveIntegerField(_("licenses"), default=0)
    valid_until = models.DateField(_("valid until"), null=True)
    digest = models.CharField(max_length=64, editable=False)
    answer = models.JSONField(default=dict, editable=False)
    received_at = models.DateTimeField(_("received"), default=timezone.now)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering: ClassVar = ["-received_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["new", "renewal", "cancellation"]), name="order_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number
