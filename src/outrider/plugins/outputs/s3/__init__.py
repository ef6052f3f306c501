"""Objects in Amazon S3 and what speaks its language: Fluent Bit's ``out_s3``, with a store that loses nothing."""
