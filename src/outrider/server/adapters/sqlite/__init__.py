"""Hosts, tokens, users and the audit trail, in one SQLite file that commands may change while the server runs.

``database``  opens the file and brings its tables up to date
``hosts`` ``tokens`` ``users`` ``audit``   one class a concern
"""
