"""The texts of activities that a company has written itself, one subject and one note for each kind of call."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.placeholders import check_placeholders

LONGEST_SUBJECT, LONGEST_NOTE = 255, 2000
TEXT: dict[str, Any] = {"blank": True, "default": "", "db_default": "", "validators": [check_placeholders]}
SUBJECT, NOTE = TEXT | {"max_length": LONGEST_SUBJECT}, TEXT | {"max_length": LONGEST_NOTE}


class CallTexts(models.Model):
    """The columns of the texts. An empty subject is the portal's own; an empty note leaves the facts alone there."""

    subject_in_answered = models.CharField(_("subject: incoming, answered"), **SUBJECT)
    subject_in_missed = models.CharField(_("subject: incoming, missed"), **SUBJECT)
    subject_out_answered = models.CharField(_("subject: outgoing, answered"), **SUBJECT)
    subject_out_unanswered = models.CharField(_("subject: outgoing, unanswered"), **SUBJECT)
    note_in_answered = models.TextField(_("note: incoming, answered"), **NOTE)
    note_in_missed = models.TextField(_("note: incoming, missed"), **NOTE)
    note_out_answered = models.TextField(_("note: outgoing, answered"), **NOTE)
    note_out_unanswered = models.TextField(_("note: outgoing, unanswered"), **NOTE)

    class Meta:
        abstract: ClassVar = True

    def subject_for(self, kind: str) -> str:
        """The company's subject for a kind of call; empty: the portal's own."""
        return str(getattr(self, f"subject_{kind}"))

    def note_for(self, kind: str) -> str:
        """What the company wants above the facts in the note of a kind of call."""
        return str(getattr(self, f"note_{kind}"))
