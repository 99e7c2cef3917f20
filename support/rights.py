"""What a member of staff may see of the desk's own pages: what Django admin would let them see."""

from django.contrib.admin import site
from django.db import models
from django.http import HttpRequest


def may_see(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether the reader may look at rows of a model; by the admin's word where it shows the model."""
    if site.is_registered(model):
        return site.get_model_admin(model).has_view_permission(request)
    return may(request, "view", model)


def may(request: HttpRequest, deed: str, model: type[models.Model]) -> bool:
    """Whether the reader has a permission, such as to `change` rows of a model."""
    return request.user.has_perm(f"{model._meta.app_label}.{deed}_{model._meta.model_name}")
