"""The labelling page: people read a campaign's transcripts, blinded, and answer questions on them.

Their labels are what judges are calibrated against. Every act is durable before the page says that
it is saved; `Store` keeps them, `Ledger` says what they come to, `Deck` gives the transcripts.
"""

from offswitch.evidence.labels import ADJUDICATED
from offswitch.labelling.acts import Label, Quote, Undo
from offswitch.labelling.deck import Deck
from offswitch.labelling.export import export
from offswitch.labelling.ledger import Dispute, Ledger
from offswitch.labelling.rubrics import Rubric, read_rubrics
from offswitch.labelling.store import DamagedError, Store

__all__ = [
    "ADJUDICATED",
    "DamagedError",
    "Deck",
    "Dispute",
    "Label",
    "Ledger",
    "Quote",
    "Rubric",
    "Store",
    "Undo",
    "export",
    "read_rubrics",
]
