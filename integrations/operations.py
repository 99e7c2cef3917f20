"""What the kinds of requests to Pipedrive are called where people read of them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.pipedrive.operations import Operation

OPERATION_NAMES: dict[Operation, Promise] = {
    Operation.ACTIVITY: _("creating activities"),
    Operation.LOOK: _("looking for an unconfirmed activity"),
    Operation.DELETION: _("deleting the activities of private calls"),
    Operation.SEARCH: _("searching for persons"),
    Operation.PERSON: _("reading single persons"),
    Operation.NEW_PERSON: _("creating persons"),
    Operation.ORGANIZATION: _("reading organizations"),
    Operation.DEALS: _("reading deals"),
    Operation.SWEEP: _("reading all persons"),
    Operation.CHANGES: _("reading changed persons"),
    Operation.FIELDS: _("reading custom fields"),
    Operation.WEBHOOKS: _("keeping the webhooks"),
    Operation.USERS: _("reading users"),
    Operation.TYPES: _("reading activity types"),
    Operation.PROFILE: _("checking connections"),
}

OPERATION_CHOICES = [(operation.value, name) for operation, name in OPERATION_NAMES.items()]
