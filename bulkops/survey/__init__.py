"""First contact with a tenant: which assumptions of the catalogue and the sandbox hold there, by reads alone."""

from bulkops.survey.cassettes import Cassettes
from bulkops.survey.questions import MOST_REQUESTS
from bulkops.survey.survey import REQUESTS_PER_S, Look, Survey
from bulkops.survey.vendor_file import vendor_toml
from bulkops.survey.verdicts import Verdict, verdicts

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
