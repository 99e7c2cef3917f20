"""What calls must hear of; integrations knows nothing of calls.

`pipedrive_connected` (user): a person's connection works (again); calls that waited for it may go on.
"""

from django.dispatch import Signal

pipedrive_connected = Signal()
