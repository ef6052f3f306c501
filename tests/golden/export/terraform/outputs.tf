output "address" {
  description = "Where the application is reached."
  value       = "${var.certificate_arn == null ? "http" : "https"}://${aws_lb.main.dns_name}/"
}

output "repository" {
  description = "Where Outrider's image is pushed."
  value       = aws_ecr_repository.outrider.repository_url
}

output "bucket" {
  description = "Where the application's logs are."
  value       = aws_s3_bucket.logs.bucket
}

output "cluster" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.main.name
}

output "service" {
  description = "Name of the service."
  value       = aws_ecs_service.app.name
}

output "task_security_group" {
  description = "Security group of the tasks, for what the application needs besides."
  value       = aws_security_group.task.id
}
