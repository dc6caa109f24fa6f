"""Where the world comes in: edge, API, console, portal. Doors are thin."""
