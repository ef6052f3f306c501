"""Containers in Docker, through its Engine API on the unix socket.

The API and not the ``docker`` command: the command is a package of its own that need not be there, and answers in text.

``engine`` speaks the API, ``frames`` reads its log streams, ``images`` finds an image, ``busybox`` makes one of the
machine's own busybox, ``options`` says what a container gets, ``volumes`` are the task's, ``container`` is one
container of it, ``listening`` tells who listens in its network.
"""
