# One VPC peering, with the provider magodo/restful. docs/terraform.md explains each choice.
terraform {
  required_version = ">= 1.5"
  required_providers {
    restful = {
      source  = "magodo/restful"
      version = "~> 0.25"
    }
  }
}

variable "gateway_url" { type = string } # https://peergate.acme.example
variable "token_url" { type = string }
variable "client_id" { type = string }
variable "client_secret" {
  type      = string
  sensitive = true
}
variable "cluster_id" { type = string }

provider "restful" {
  base_url = var.gateway_url
  security = {
    oauth2 = {
      client_credentials = {
        token_url     = var.token_url
        client_id     = var.client_id
        client_secret = var.client_secret
        scopes        = ["read:database", "update:database", "delete:database"]
      }
    }
  }
  client = {
    # Both come with Retry-After. A create that was made after all is not made twice: its repetition gets 409.
    retry = { status_codes = [429, 503], count = 3 }
  }
}

resource "restful_resource" "peering" {
  path      = "/database/clusters/${var.cluster_id}/vpc-peerings"
  read_path = "$(path)/$(body.id)"

  body = {
    vpcId              = "vpc-0123456789abcdef0"
    cidrBlock          = "10.20.4.0/22"
    accountId          = "111122223333"
    region             = "us-east-1"
    isSecureConnection = true
  }

  # A peering cannot be changed: another value is another peering.
  force_new_attrs = ["vpcId", "cidrBlock", "accountId", "region", "isSecureConnection"]

  # AWS has been asked: peeringId is known, and the VPC's owner can accept.
  poll_create = {
    status_locator    = "body.status"
    status            = { success = "pending-acceptance", pending = ["initiating-request"] }
    default_delay_sec = 2
  }

  # A peering that is deleted, expired, failed or rejected may still be listed. All of these end with "ed", no other status does.
  read_selector = "[@this].#(status!%\"*ed\")"

  # What never changes, so that a new status is no difference.
  output_attrs = ["id", "peeringId", "privateHostedZoneId"]
}

output "peering_id" {
  value = restful_resource.peering.output.peeringId
}
