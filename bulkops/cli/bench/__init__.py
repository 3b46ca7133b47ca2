"""`bulkops bench`: measures how a fleet run uses the quotas and this machine."""
