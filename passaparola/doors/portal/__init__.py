"""Public pages: the advocate's own, the friend's landing page, consent, preferences, privacy. No login, no script needed."""
