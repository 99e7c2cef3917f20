"""What happens to people that other apps must hear of; accounts itself knows none of them.

`company_changed` (user): a person moved to another company; what tied them to the old one must go.
`license_redeemed` (user): a person's licence is in force; calls that waited for it may go on.
"""

from django.dispatch import Signal

company_changed = Signal()
license_redeemed = Signal()
