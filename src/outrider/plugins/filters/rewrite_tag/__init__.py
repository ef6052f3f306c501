"""Sends records on under another tag, by what a field says."""
