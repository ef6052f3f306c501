"""JSON values or lines in UDP datagrams."""
