"""What could not be logged, by cause, with what to do about each."""

from dataclasses import dataclass

from django.db.models import Count

from calls.models import CallQuerySet
from calls.reasons import EXPLANATIONS, Reason, Status

NOT_LOGGED = (Status.WAITING, Status.FAILED)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A reason and how many calls it keeps out of Pipedrive. Its words are in the language of when they are read."""

    reason: Reason
    number: int

    @property
    def title(self) -> str:
        label = str(self.reason.label)
        return label[:1].upper() + label[1:]

    @property
    def explanation(self) -> str:
        return str(EXPLANATIONS[self.reason])


def causes_of(calls: CallQuerySet) -> list[Cause]:
    """The causes among some calls, the most frequent first."""
    counted = calls.filter(status__in=NOT_LOGGED).order_by().values("reason").annotate(number=Count("pk"))
    known = [each for each in counted if each["reason"] in Reason.values]
    causes = [Cause(reason=Reason(each["reason"]), number=each["number"]) for each in known]
    return sorted(causes, key=lambda cause: (-cause.number, cause.reason))
