"""`passaparola demo`: real purchases of 300 households, a programme for the most loyal, and simulated friends.

What is real: the purchases (demo/LICENCE.md), their dates moved by one number of whole weeks for all. What is simulated
says so wherever it shows: households' names, addresses and consents; friends with their clicks, sign-ups and orders.
Every act goes through a door that a shop, an advocate or a friend would use: files, pages, links, the event API.
"""

from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "demo" / "complete_journey_300.csv.gz"
