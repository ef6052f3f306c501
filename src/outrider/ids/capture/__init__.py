"""Capture files.

``frame``   what a capture holds
``reader``  pcap and pcapng, as a stream
"""
