"""The edge: links and events, answered before Django is asked. Raw ASGI, because every request of the world comes here.

`app` is the whole of it; `ingest` takes events, `redirect` sends visitors on, `health` tells how things stand.
"""
