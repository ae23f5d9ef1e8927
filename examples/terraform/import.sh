#!/bin/sh
# Takes over a peering that exists: import.sh CLUSTER_ID PEERING_UUID. The members of body name what Terraform manages; their
# values are read.
set -eu
path="/database/clusters/$1/vpc-peerings"
terraform import restful_resource.peering '{
  "id": "'"$path/$2"'",
  "path": "'"$path"'",
  "body": { "vpcId": null, "cidrBlock": null, "accountId": null, "region": null, "isSecureConnection": null },
  "read_selector": "[@this].#(status!%\"*ed\")"
}'
