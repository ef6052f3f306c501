"""Packets: what stands in a frame.

``packet``     a packet, its headers as numbers
``decode``     from frames to packets: links, VLAN, IPv4 and IPv6, tunnels, TCP, UDP, ICMP
``checksums``  sums of IP, TCP, UDP and ICMP
``fragments``  datagrams from fragments
"""
