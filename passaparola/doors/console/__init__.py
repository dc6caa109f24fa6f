"""The staff's console: HTML first, a permission beside every route, every change an act walked down the corridor."""
