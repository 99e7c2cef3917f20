"""Run by `gunicorn sandbox.wsgi --workers 1 --threads 16 --bind 127.0.0.1:8001`.

One worker only: the state is its memory.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"

application = get_wsgi_application()
