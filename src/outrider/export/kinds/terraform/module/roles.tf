# Who may take the roles: the tasks of ECS.
locals {
  trust = jsonencode(<<TRUST>>)
}

# What the containers may do: the router puts the application's logs into the bucket.
resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-task-"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  name = "task"
  role = aws_iam_role.task.id

  policy = jsonencode(<<TASK_POLICY>>)
}

# What ECS itself may do to start them: pull the image, read the join token, write the sidecars' log group.
resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-execution-"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "execution"
  role = aws_iam_role.execution.id

  policy = jsonencode(<<EXECUTION_POLICY>>)
}
