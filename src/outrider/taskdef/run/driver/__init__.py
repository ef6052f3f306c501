"""Docker's ``fluentd`` log driver for a plain process: output bytes → pieces → Forward messages → the router's socket.

``pieces`` cuts output into lines and 16 KiB parts, ``message`` writes the wire form, ``retry`` spaces the connection
attempts (all three pure); ``sender`` holds the bounded queue and the socket, ``pipes`` reads the process.
"""
