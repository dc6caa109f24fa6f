"""The way into the inbox: nothing is answered before it is on disk, and a failed commit fails everybody in it.

`group` gathers what arrives at the same time into one commit; `stores` and `postgres` are the two homes of the table; `spool` keeps
clicks in a file while the store is away; `backlog` says when the world must wait.
"""

from passaparola.events.inbox.group import Entry, GroupCommit, StoreAway
from passaparola.events.inbox.stores import SqliteStore, Store, open_store

__all__ = ["Entry", "GroupCommit", "SqliteStore", "Store", "StoreAway", "open_store"]
