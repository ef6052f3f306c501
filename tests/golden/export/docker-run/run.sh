#!/bin/sh
# Starts the agent on this host: syslog on 127.0.0.1:1514, delivered to https://logs.example.com:8444.
# The join token comes from the environment, so that it stands in no file and no process list.
set -eu
: "${OUTRIDER_TOKEN:?set it to a join token: outrider server token create}"
export OUTRIDER_TOKEN
exec docker run --detach --name outrider-agent --restart unless-stopped \
    --network host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 500m --memory-reservation 100m \
    --log-opt max-size=10m --log-opt max-file=3 \
    --volume outrider-state:/var/lib/outrider \
    --env OUTRIDER_TOKEN --env OUTRIDER_SERVER=https://logs.example.com:8444 \
    registry.example.com/outrider:0.1.0
