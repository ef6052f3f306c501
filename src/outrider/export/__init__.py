"""Deployment artefacts: every kind of file that starts Outrider somewhere, made from one description.

``description`` what is to be deployed: image, server, secret, names, sizes
``kind``        what a kind is: a pure function from the description to files
``registry``    the kinds by name
``tasks``       task definitions that the kinds for ECS share
``docker_host`` what the kinds for a host share
``kubernetes``  objects of Kubernetes that its kinds share
``output``      writes the files of a kind
``kinds``       one kind, one module or package
"""
