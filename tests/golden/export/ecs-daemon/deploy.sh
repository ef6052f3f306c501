#!/bin/sh
# Runs agent and router once on each EC2 instance of the cluster default. Run it again for a new revision.
#
# The router follows /var/lib/docker/containers, which Docker's driver json-file writes: containers with another log
# driver are not in it. It is root, because that folder is root's, without any capability; both root file systems are
# read-only, and nothing is privileged. Both share the network of the instance: the agent listens on its loopback
# alone, and the router asks the ECS agent there for the names of containers. Their own output goes to CloudWatch
# Logs, so that the router does not read itself; for this with the role below, /etc/ecs/ecs.config of the instances
# must have ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true, else ECS places no task there.
#
# Identity, spool and positions are in the volumes outrider-agent and outrider-router of Docker, which the next task
# on the instance gets too. Keep the join token where the task definition looks for it, before the first run:
#
#   token=$(outrider server token create --ttl 30d --uses 1000)     # one use for each instance that starts
#   aws ssm put-parameter --region us-east-1 --type SecureString --name /outrider/join-token --value "$token"
set -eu
cd "$(dirname "$0")"
export AWS_DEFAULT_REGION=us-east-1

# What ECS itself may do for the task: write that log group, read that secret, pull the image.
if ! aws iam get-role --role-name outrider-execution >/dev/null 2>&1; then
    aws iam create-role --role-name outrider-execution \
        --assume-role-policy-document file://trust-policy.json >/dev/null
fi
aws iam put-role-policy --role-name outrider-execution --policy-name outrider \
    --policy-document file://execution-policy.json

aws logs create-log-group --log-group-name /ecs/outrider 2>/dev/null || true # it may be there
aws logs put-retention-policy --log-group-name /ecs/outrider --retention-in-days 30

revision=$(aws ecs register-task-definition --cli-input-json file://task-definition.json \
    --query taskDefinition.taskDefinitionArn --output text)
services=$(aws ecs describe-services --cluster default --services outrider \
    --query 'services[?status==`ACTIVE`].serviceName' --output text)
if [ -n "$services" ]; then
    aws ecs update-service --cluster default --service outrider --task-definition "$revision" >/dev/null
else
    aws ecs create-service --cluster default --service-name outrider --task-definition "$revision" \
        --scheduling-strategy DAEMON --launch-type EC2 >/dev/null
fi
aws ecs wait services-stable --cluster default --services outrider
echo "$revision"
