"""Apache Kafka, as Fluent Bit's ``out_kafka`` (``plugins/out_kafka``), by aiokafka (extra ``kafka``)."""
