variable "name" {
  description = "Begins the names of everything."
  type        = string
  default     = "<<NAME>>"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "Use 2 to 24 lower-case letters, digits and hyphens, a letter first and no hyphen at the end."
  }
}

variable "server" {
  description = "Where agents reach Outrider's server."
  type        = string
  default     = "<<SERVER>>"

  validation {
    condition     = can(regex("^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", var.server))
    error_message = "Give https://HOST or https://HOST:PORT."
  }
}

variable "join_token_arn" {
  description = "ARN of the join token, a <<TOKEN>>. The token itself never enters Terraform's state."
  type        = string

  validation {
    condition     = can(regex("^<<TOKEN_PATTERN>>$", var.join_token_arn))
    error_message = "Give the ARN of a <<TOKEN>>."
  }
}

variable "clients" {
  description = "Address ranges that may use the application, such as [\"0.0.0.0/0\"] for everybody."
  type        = list(string)

  validation {
    condition     = length(var.clients) > 0 && alltrue([for client in var.clients : can(cidrhost(client, 0))])
    error_message = "Give address ranges such as 203.0.113.0/24."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM for HTTPS; without one the load balancer speaks HTTP."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:", var.certificate_arn))
    error_message = "Give the ARN of a certificate of ACM."
  }
}

variable "image_tag" {
  description = "Tag of Outrider's image in the registry that this module makes."
  type        = string
  default     = "<<TAG>>"

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "That is no tag of an image."
  }
}

variable "app_image" {
  description = "Image of the application."
  type        = string
  default     = "<<APP_IMAGE>>"
}

variable "app_port" {
  description = "Port of the application. Ports 1514 and 24224 are those of agent and router."
  type        = number
  default     = <<APP_PORT>>

  validation {
    condition     = var.app_port > 0 && var.app_port < 65536 && !contains([1514, 24224], var.app_port)
    error_message = "Choose a port from 1 to 65535 other than 1514 and 24224."
  }
}

variable "app_health_path" {
  description = "Path with which the load balancer asks for the application's health."
  type        = string
  default     = "/"

  validation {
    condition     = startswith(var.app_health_path, "/")
    error_message = "A path begins with a slash."
  }
}

variable "tasks" {
  description = "Number of tasks."
  type        = number
  default     = 2

  validation {
    condition     = var.tasks >= 0 && floor(var.tasks) == var.tasks
    error_message = "Give a whole number."
  }
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
  default     = <<CPU>>

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "Fargate has 256, 512, 1024, 2048, 4096, 8192 and 16384."
  }
}

variable "memory" {
  description = "Memory of a task in MiB: of the application and both sidecars."
  type        = number
  default     = <<MEMORY>>

  validation {
    condition     = var.memory >= 1024 && var.memory % 1024 == 0
    error_message = "Give a multiple of 1024."
  }
}

variable "cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("/(1[6-9]|2[0-3])$", var.cidr))
    error_message = "Give an address range such as 10.20.0.0/16, from /16 to /23."
  }
}

variable "nat_gateways" {
  description = "1, or 2 so that a zone that fails does not cut off the other; each costs."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2], var.nat_gateways)
    error_message = "Give 1 or 2."
  }
}

variable "log_days" {
  description = "Days after which the logs in the bucket are deleted."
  type        = number
  default     = 365

  validation {
    condition     = var.log_days >= 1
    error_message = "Give a number of days."
  }
}
