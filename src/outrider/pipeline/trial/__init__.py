"""Tests of pipelines, for users: records in, and what each output would get, without a network.

``file``      files of tests
``pipeline``  a pipeline with stand-ins for its inputs and outputs
``judge``     what came out against what was expected
"""
