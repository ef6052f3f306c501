"""Task definitions that other tools' files describe, read as ECS spells them; they are pointed into, not edited (pure).

``hcltokens``  the words of HCL, Terraform's language
``hcltree``    resources in HCL, each value with its position
``jsontext``   JSON in a text of another file, with what a template leaves open
``terraform``  Terraform's files, and plans as JSON
``compose``    Compose files
``copilot``    manifests of AWS Copilot
``words``      what Compose files and manifests say in the same way
``nodes``      trees put together of others' parts
``reading``    a task definition that was read so
"""
