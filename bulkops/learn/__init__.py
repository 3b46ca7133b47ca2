"""`doctor --learn`, first contact with a tenant: which assumptions about the vendor hold there, by reads alone."""

from bulkops.learn.cassettes import Cassettes
from bulkops.learn.questions import MOST_REQUESTS
from bulkops.learn.reads import REQUESTS_PER_S, Look, Survey
from bulkops.learn.vendor_file import vendor_toml
from bulkops.learn.verdicts import Verdict, verdicts

__all__ = [
    "MOST_REQUESTS",
    "REQUESTS_PER_S",
    "Cassettes",
    "Look",
    "Survey",
    "Verdict",
    "vendor_toml",
    "verdicts",
]
