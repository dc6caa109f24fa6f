"""The routes, one file for each noun; the permission stands beside each."""
