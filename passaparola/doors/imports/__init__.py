"""Files as a door: a shop's history becomes ordinary events at the front door, streamed, resumable, repeatable.

source (bytes, whole-file survey) → recognise (delimiter, decimals, dates) → rows (one record at a time, with its
reason where it cannot be read) → shape (row → events) → actions (into the inbox, with progress kept).
"""
