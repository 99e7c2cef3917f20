"""The forms of a company's page."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from support.models import Note


class NoteForm(forms.ModelForm[Note]):
    """A note about a company; blank ones are refused."""

    class Meta:
        model = Note
        fields = ("text",)
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 3})}


class ReasonForm(forms.Form):
    """Why something is done, as the audit log keeps it."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, min_length=5, help_text=_("The company's admin can read it in their log.")
    )
