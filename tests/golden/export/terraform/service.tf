resource "aws_ecs_cluster" "main" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

# Agent and router are what 'outrider task protect' makes. Put your own application in the place of "app".
resource "aws_ecs_task_definition" "app" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([
    {
      name      = "app"
      image     = var.app_image
      essential = true
      portMappings = [
        {
          containerPort = var.app_port
          protocol      = "tcp"
        },
      ]
      memoryReservation = 256
      logConfiguration = {
        logDriver = "awsfirelens"
        options = {
          Name                         = "s3"
          region                       = data.aws_region.current.region
          bucket                       = aws_s3_bucket.logs.bucket
          s3_key_format                = "/$TAG[0]/%Y/%m/%d/%H/%M-$UUID.gz"
          s3_key_format_tag_delimiters = "-"
          compression                  = "gzip"
          use_put_object               = "On"
          total_file_size              = "50M"
          upload_timeout               = "1m"
        }
      }
      dependsOn = [
        {
          containerName = "log_router"
          condition     = "START"
        },
      ]
    },
    {
      name  = "outrider-agent"
      image = "${aws_ecr_repository.outrider.repository_url}:${var.image_tag}"
      environment = [
        {
          name  = "OUTRIDER_SERVER"
          value = var.server
        },
      ]
      secrets = [
        {
          name      = "OUTRIDER_TOKEN"
          valueFrom = var.join_token_arn
        },
      ]
      healthCheck = {
        command     = ["CMD", "outrider", "agent", "status"]
        interval    = 30
        timeout     = 10
        retries     = 3
        startPeriod = 30
      }
      linuxParameters = {
        capabilities = {
          drop = ["ALL"]
        }
      }
      memoryReservation = 100
      memory            = 500
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.outrider.name
          "awslogs-region"        = data.aws_region.current.region
          "awslogs-stream-prefix" = "outrider"
        }
      }
    },
    {
      name  = "log_router"
      image = "${aws_ecr_repository.outrider.repository_url}:${var.image_tag}"
      firelensConfiguration = {
        type = "fluentbit"
      }
      volumesFrom = [
        {
          sourceContainer = "outrider-agent"
        },
      ]
      dependsOn = [
        {
          containerName = "outrider-agent"
          condition     = "START"
        },
      ]
      entryPoint = ["/var/outrider/lib/fluent-bit/fluent-launch"]
      command = [
        "-s", "Scheduler.Cap", "60", "-i", "Mem_Buf_Limit", "50M", "--", "-F", "record_modifier", "-m", "*",
        "-p", "Record=pid 1", "-o", "syslog", "-m", "*", "-p", "Mode=tcp", "-p", "Host=127.0.0.1", "-p",
        "Port=1514", "-p", "Retry_Limit=False", "-p", "Syslog_Format=rfc3164", "-p", "Syslog_Maxsize=786432",
        "-p", "Syslog_Hostname_Key=container_id", "-p", "Syslog_Appname_Key=container_name", "-p",
        "Syslog_Procid_Key=pid", "-p", "Syslog_Message_Key=log",
      ]
      memoryReservation = 100
      memory            = 500
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.outrider.name
          "awslogs-region"        = data.aws_region.current.region
          "awslogs-stream-prefix" = "outrider"
        }
      }
    },
  ])
}

resource "aws_ecs_service" "app" {
  name            = var.name
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.app.arn
  launch_type     = "FARGATE"
  desired_count   = var.tasks

  network_configuration {
    subnets          = aws_subnet.private[*].id
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = var.app_port
  }

  # A revision whose tasks do not stay up goes back by itself.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # Tasks start once they have what they need: a target group of a load balancer, rights, the way to image and server.
  depends_on = [
    aws_lb_listener.http,
    aws_lb_listener.https,
    aws_iam_role_policy.task,
    aws_iam_role_policy.execution,
    aws_route_table_association.private,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.server,
  ]
}
