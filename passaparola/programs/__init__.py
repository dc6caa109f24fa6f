"""Referral programmes: who is asked, who brought whom, and why."""
