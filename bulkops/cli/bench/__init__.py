"""`bulkops bench`: what a fleet run gets out of the quotas, and what it costs this machine."""
