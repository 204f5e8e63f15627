#!/bin/sh
# The key comes as a file, so that "docker inspect" does not show it; the runner reads it from its own environment.
set -eu

secret=/run/secrets/supabase_service_role_key
if ! SUPABASE_SERVICE_ROLE_KEY=$(cat "$secret"); then
  echo "hq-runner: cannot read the service-role key: its file must be readable by user $(id -u) (docs/docker.md)" >&2
  exit 1
fi
export SUPABASE_SERVICE_ROLE_KEY
exec node /hq/runner/hq-runner.js
