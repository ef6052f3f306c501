#!/bin/sh
# Outrider on a Docker host: one container that follows the logs of all others (Docker's driver json-file), takes
# syslog on 127.0.0.1:1514 and Docker's driver fluentd on 127.0.0.1:24224, keeps all of it, and delivers it to
# https://logs.example.com:8444
#
# It is root, because the folder of the logs is root's, without any capability. Nothing can be written but its volume,
# which holds identity, spool and positions, and outlives the container. Both listeners are on the host's loopback.
# Its own output goes to the driver local, so that it does not read itself: docker logs shows it.
#
# The join token comes from the environment, so that it stands in no file and no process list. It is used once, at the
# first start; whoever may ask Docker for the container's environment sees it, so let it be of one use.
set -eu
: "${OUTRIDER_TOKEN:?set it to a join token: outrider server token create}"
export OUTRIDER_TOKEN
exec docker run --detach --name outrider-agent --label app=outrider-agent --restart unless-stopped \
    --network host --user 0:0 --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp \
    --memory 500m --memory-reservation 100m --cpus 1 --stop-timeout 30 \
    --log-driver local --log-opt max-size=10m --log-opt max-file=3 \
    --mount type=volume,source=outrider-state,target=/var/lib/outrider,volume-nocopy \
    --mount type=bind,source=/var/lib/docker/containers,target=/var/lib/docker/containers,readonly \
    --env OUTRIDER_TOKEN --env OUTRIDER_SERVER=https://logs.example.com:8444 \
    --env OUTRIDER_CONFIG=/fluent-bit/configs/docker-host.yaml \
    registry.example.com/outrider:0.1.0
