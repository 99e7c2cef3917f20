"""The web process: `gunicorn connector_portal.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

from connector_portal.patience import be_less_patient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connector_portal.settings")

connection_created.connect(be_less_patient)
application = get_wsgi_application()
