"""What each rep has decided about their own calls."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from integrations.encryption import EncryptedTextField


class RepPolicy(models.Model):
    """Which of their calls a rep does not want logged. It can only take away from what the company logs."""

    user = models.OneToOneField(User, models.CASCADE, related_name="rep_policy", verbose_name=_("user"))
    left_out = models.JSONField(_("kinds of calls that are not logged"), default=list, blank=True)
    number_key = EncryptedTextField(
        _("key of the private numbers"),
        blank=True,
        editable=False,
        help_text=_("Without it nobody can tell which numbers the digests stand for."),
    )

    class Meta:
        verbose_name = _("rep's policy")
        verbose_name_plural = _("reps' policies")

    def __str__(self) -> str:
        return str(self.user_id)

    @classmethod
    def of(cls, user: User) -> "RepPolicy":
        """The rep's policy; an unsaved one that leaves nothing out where there is none."""
        return getattr(user, "rep_policy", None) or cls(user=user)


class PrivateNumber(models.Model):
    """A number whose calls are nobody's business but the rep's: a keyed digest, which nobody can turn back."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="private_numbers", verbose_name=_("user"), db_index=False
    )
    digest = models.CharField(_("digest"), max_length=64)
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        verbose_name = _("private number")
        verbose_name_plural = _("private numbers")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "digest"], name="private_number_once")]

    def __str__(self) -> str:
        return str(self.pk)
