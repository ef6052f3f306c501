"""The options of rules. Each module has a table of keywords: name to what reads its value into a draft.

``reading``     what readers share
``about``       what a rule says of itself: msg, sid, classtype, reference, metadata
``looks``       which buffer is looked at, and transforms
``contents``    content with its modifiers, isdataat, bsize, absent
``expressions`` pcre
``numbers``     byte_test, byte_jump, byte_extract, byte_math, base64_decode
``flows``       flow, flowbits, xbits, hostbits, flowint, sizes of flows
``headers``     headers of packets
``protocols``   what applications say: urilen, dns.opcode, tls.version
``counting``    threshold, detection_filter
``table``       all of them, and those that are known and not supported
"""
