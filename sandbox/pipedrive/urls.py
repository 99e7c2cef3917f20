"""Addresses of the Pipedrive stand-in."""

from django.urls import include, path

from sandbox.pipedrive import consent, control, control_app, control_records, pages, tokens

urlpatterns = [
    path("", pages.overview),
    path("activities/list", pages.activity_list),
    path("activities/<int:activity_id>", pages.activity),
    path("person/<int:person_id>", pages.person),
    path("forms/person", pages.add_person),
    path("forms/person/<int:person_id>/delete", pages.delete_person),
    path("forms/uninstall", pages.uninstall),
    path("oauth/authorize", consent.authorize),
    path("oauth/token", tokens.token),
    path("oauth/token/", tokens.token),
    path("oauth/revoke", tokens.revoke),
    path("api/", include("sandbox.pipedrive.api_urls")),
    path("control/state", control.state),
    path("control/reset", control.reset),
    path("control/switches", control.switches),
    path("control/faults", control.faults),
    path("control/clock", control.move_clock),
    path("control/authorize", control_app.authorize),
    path("control/tokens/expire", control_app.expire_tokens),
    path("control/grants/kill", control_app.kill_grant),
    path("control/uninstall", control_app.uninstall),
    path("control/share", control_app.share),
    path("control/persons", control_records.persons),
    path("control/persons/<int:person_id>", control_records.person),
    path("control/persons/<int:person_id>/merge", control_records.merge),
    path("control/organizations", control_records.organizations),
    path("control/users", control_records.users),
    path("control/users/<int:user_id>", control_records.user),
    path("control/activity-types", control_records.activity_types),
    path("control/deals", control_records.deals),
    path("control/companies/<int:company_id>", control_records.company),
]
