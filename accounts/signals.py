"""What happens to people that other apps must hear of; accounts itself knows none of them.

`company_changed` (user): a person moved to another company; what tied them to the old one must go.
`license_redeemed` (user): a person's licence is in force, newly or again; calls that waited for it may go on.
`invitation_made` (invitation): somebody is invited, or once more; the mail is to be sent.
`invitation_taken` (invitation, user): another person than the invited one has its seat; who invited is to be told.
`codes_to_mail` (mail): codes are to be sent to an address; the mail is to be sent.
`alias_added` (company): an address in Mustalinja is somebody's now; calls that waited for that may go on.
"""

from django.dispatch import Signal

company_changed = Signal()
license_redeemed = Signal()
invitation_made = Signal()
invitation_taken = Signal()
codes_to_mail = Signal()
alias_added = Signal()
