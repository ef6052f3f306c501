"""Fluentd's Forward protocol, version 1: what Docker's log driver, fluent-logger and Fluent Bit speak.

``session``    the receiving side: bytes in, records, acknowledgements and refusals out, any split of the bytes
``layout``     frames and entries by their first bytes
``handshake``  HELO, PING and PONG with a shared key, for both sides
``frames``     the sending side: frames of the four modes

Source: the Forward protocol specification v1 and Fluent Bit 5.1.1's behaviour where that differs.
"""
