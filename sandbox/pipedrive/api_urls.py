"""The table of operations: address, method, cost (`x-token-cost` of the OpenAPI documents) and scopes."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path, re_path

from sandbox.pipedrive import activities, field_lists, gateway, organizations, person_search, persons, users, webhooks
from sandbox.pipedrive.gateway import Operation, endpoint

BASE = frozenset({"base"})
READ_USERS = frozenset({"users:read", "admin"})
READ_CONTACTS = frozenset({"contacts:read", "contacts:full"})
WRITE_CONTACTS = frozenset({"contacts:full"})
READ_FIELDS = READ_CONTACTS | {"admin"}
SEARCH_CONTACTS = READ_CONTACTS | {"search:read"}
READ_ACTIVITIES = frozenset({"activities:read", "activities:full"})
WRITE_ACTIVITIES = frozenset({"activities:full"})
READ_DEALS = frozenset({"deals:read", "deals:full"})
WEBHOOKS = frozenset({"webhooks:full", "webhooks:read", "admin"})

_TABLE: list[tuple[str, dict[str, Operation]]] = [
    ("v1/users/me", {"GET": Operation(users.current_user, 2, BASE)}),
    ("v1/users", {"GET": Operation(users.list_users, 20, READ_USERS)}),
    ("v1/users/find", {"GET": Operation(users.find_users, 40, READ_USERS)}),
    ("v1/activityTypes", {"GET": Operation(users.list_activity_types, 20, READ_ACTIVITIES | {"admin"})}),
    ("v1/personFields", {"GET": Operation(field_lists.list_fields_v1, 20, READ_FIELDS)}),
    ("v2/personFields", {"GET": Operation(field_lists.list_fields, 10, READ_FIELDS)}),
    (
        "v1/webhooks",
        {
            "GET": Operation(webhooks.list_webhooks, 10, WEBHOOKS),
            "POST": Operation(webhooks.create_webhook, 10, WEBHOOKS, locked=False),
        },
    ),
    ("v1/webhooks/<int:webhook_id>", {"DELETE": Operation(webhooks.delete_webhook, 6, WEBHOOKS)}),
    (
        "v2/persons",
        {
            "GET": Operation(persons.list_persons, 10, READ_CONTACTS),
            "POST": Operation(persons.create_person, 5, WRITE_CONTACTS),
        },
    ),
    ("v2/persons/search", {"GET": Operation(person_search.search_persons, 20, SEARCH_CONTACTS, search=True)}),
    (
        "v2/persons/<int:person_id>",
        {
            "GET": Operation(persons.get_person, 1, READ_CONTACTS),
            "PATCH": Operation(persons.update_person, 5, WRITE_CONTACTS),
            "DELETE": Operation(persons.delete_person, 3, WRITE_CONTACTS),
        },
    ),
    (
        "v2/activities",
        {
            "GET": Operation(activities.list_activities, 10, READ_ACTIVITIES),
            "POST": Operation(activities.create_activity, 5, WRITE_ACTIVITIES),
        },
    ),
    (
        "v2/activities/<int:activity_id>",
        {
            "GET": Operation(activities.get_activity, 1, READ_ACTIVITIES),
            "PATCH": Operation(activities.update_activity, 5, WRITE_ACTIVITIES),
            "DELETE": Operation(activities.delete_activity, 3, WRITE_ACTIVITIES),
        },
    ),
    (
        "v2/organizations/<int:organization_id>",
        {"GET": Operation(organizations.get_organization, 1, READ_CONTACTS)},
    ),
    ("v2/deals", {"GET": Operation(organizations.list_deals, 10, READ_DEALS)}),
]


def _view(route: str, operations: dict[str, Operation]) -> Callable[..., HttpResponse]:
    name = "/" + route.replace("<int:", "{").replace(">", "}")
    return endpoint(name, **operations)


urlpatterns = [
    *(path(route, _view(route, operations)) for route, operations in _TABLE),
    re_path(r"", gateway.not_found),
]
