"""One file per family of providers, registered in one place."""
