"""One kind of artefact, one module or package, with a ``KIND``.

``beanstalk``   the agent on each instance of Elastic Beanstalk
``cloudformation`` stacks for a service on Fargate and for a daemon service on EC2
``compose``     the agent on a Docker host, as a file of Docker Compose
``docker_run``  a shell script that starts the agent on a Docker host
``ecs_daemon``  agent and router once on each EC2 instance of a cluster of ECS
``fargate``     agent and router beside an application on Fargate
``helm``        the same as kubernetes, as a chart for Helm
``image``       the Dockerfile of Outrider's image
``kubernetes``  a pod on each node of Kubernetes, in one manifest
``systemd``     the agent on a Linux host without containers
``terraform``   a module with network, load balancer, cluster, service, bucket and registry
"""
