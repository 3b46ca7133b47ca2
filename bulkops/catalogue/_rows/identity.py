"""Workato Identity and event streams.

The format is in `bulkops.catalogue._parse_calls`.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
event_streams.topics.list    GET    /api /event_streams/topics                         partner event_streams developer.event_streams idempotent      data_list  page none documented
  = List event topics.
  ? name page:int per_page:int
event_streams.topics.create  POST   /api /event_streams/topics                         partner event_streams developer.event_streams reconcile_first data       none json documented
  = Create an event topic.
  > name* description retention:int schema*:object[] folder_id:int
  ~ List with name= and match exactly.
  + At most 20 topics in a workspace.
event_streams.topics.get     GET    /api /event_streams/topics/{topic_id}              partner event_streams developer.event_streams idempotent      data       none none documented
  = Fetch one event topic.
event_streams.topics.update  PUT    /api /event_streams/topics/{topic_id}              partner event_streams developer.event_streams safe_to_retry   data       none json documented
  = Update an event topic.
  > name description retention:int
event_streams.topics.purge   PUT    /api /event_streams/topics/{topic_id}/purge        partner event_streams developer.event_streams reconcile_first data?      none none documented
  = Delete every message of a topic.
  ~ Destroys data; messages arriving between two tries are lost. Never automatic.
event_streams.topics.delete  DELETE /api /event_streams/topics/{topic_id}              partner event_streams developer.event_streams safe_to_retry   data       none none documented
  = Delete an event topic.
iam.users.list               GET    /api /iam/users                                    partner iam           developer.iam           idempotent      data_list  page none documented
  = List identity users.
  ? query page:int per_page:int
iam.users.get                GET    /api /iam/users/{user_id}                          partner iam           developer.iam           idempotent      data?      none none documented
  = Fetch one identity user.
  / user_id
iam.users.create             POST   /api /iam/users                                    partner iam           developer.iam           reconcile_first data?      none json documented
  = Create identity users.
  > email* full_name*
  ~ List with query=<email>.
iam.users.update             PUT    /api /iam/users/{user_id}                          partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Update an identity user.
  / user_id
  > full_name
iam.users.delete             DELETE /api /iam/users/{user_id}                          partner iam           developer.iam           safe_to_retry   data?      none none documented
  = Delete an identity user.
  / user_id
iam.users.add_to_group       POST   /api /iam/users/{user_id}/add_to_group             partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Put a user into a group.
  / user_id
  > user_group_id*
iam.users.remove_from_group  POST   /api /iam/users/{user_id}/remove_from_group        partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Take a user out of a group.
  / user_id
  > user_group_id*
iam.user_groups.list         GET    /api /iam/user_groups                              partner iam           developer.iam           idempotent      data_list  page none documented
  = List identity user groups of the environment.
  ? query page:int per_page:int
iam.user_groups.get          GET    /api /iam/user_groups/{user_group_id}              partner iam           developer.iam           idempotent      data?      none none documented
  = Fetch one identity user group.
  / user_group_id
iam.user_groups.create       POST   /api /iam/user_groups                              partner iam           developer.iam           reconcile_first data       none json documented
  = Create an identity user group.
  > name*
  ~ List with query=<name>; an existing name gives 422.
iam.user_groups.update       PUT    /api /iam/user_groups/{user_group_id}              partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Rename an identity user group.
  / user_group_id
  > name*
iam.user_groups.delete       DELETE /api /iam/user_groups/{user_group_id}              partner iam           developer.iam           safe_to_retry   data?      none none documented
  = Delete an identity user group.
  / user_group_id
iam.user_groups.add_users    POST   /api /iam/user_groups/{user_group_id}/add_users    partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Put several users into a group.
  / user_group_id
  > user_ids*:str[]
iam.user_groups.remove_users DELETE /api /iam/user_groups/{user_group_id}/remove_users partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Take several users out of a group.
  / user_group_id
  > user_ids*:str[]
iam.user_groups.members      GET    /api /iam/user_groups/{user_group_id}/members      partner iam           developer.iam           idempotent      data_list? page none documented
  = List the members of a group.
  / user_group_id
  ? page:int per_page:int
iam.app_links.list           GET    /api /iam/app_links                                partner iam           developer.iam           idempotent      data_list? page none documented
  = List app links of the environment.
  ? page:int per_page:int
iam.app_links.create         POST   /api /iam/app_links                                partner iam           developer.iam           reconcile_first data?      none json documented
  = Create an app link.
  > <any>*:object
  ~ List and match.
iam.app_links.delete         DELETE /api /iam/app_links/{app_link_id}                  partner iam           developer.iam           safe_to_retry   data?      none none documented
  = Delete an app link.
iam.app_links.delete_many    DELETE /api /iam/app_links                                partner iam           developer.iam           safe_to_retry   data?      none json documented
  = Delete app links by id.
  > ids*:int[]
"""  # noqa: E501 - a table
