"""What calls must hear of; integrations knows nothing of calls.

`pipedrive_connected` (user): a person's connection works (again); calls that waited for it may go on.
`pipedrive_disconnected` (user, company): a person has no connection to a company's Pipedrive any more.
`numbers_changed` (account, numbers): these E.164 numbers belong to other contacts of a Pipedrive account than before.
`contacts_known` (account): all persons of a Pipedrive account have been read; calls that waited for that may go on.
`person_merged` (account, person_id, merged_into): a person is another now; what was decided for it holds for that.
`contacts_erased` (account): nobody is connected to a Pipedrive account any more; what was kept of its persons goes.
`mustalinja_linked` (company): a company's credentials for Mustalinja were accepted.
`checklist_asked` (chain): the Integrations page is shown; each receiver answers with further links of its checklist.
"""

from django.dispatch import Signal

pipedrive_connected = Signal()
pipedrive_disconnected = Signal()
numbers_changed = Signal()
contacts_known = Signal()
person_merged = Signal()
contacts_erased = Signal()
mustalinja_linked = Signal()
checklist_asked = Signal()
