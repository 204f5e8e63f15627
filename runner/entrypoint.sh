#!/bin/sh
# Reads keys from files, since "docker inspect" shows variables, into the environment of the runner.
set -eu

# Prints a key. An unset key is an empty file.
key() {
  if ! cat "/run/secrets/$1"; then
    echo "hq-runner: cannot read $2: its file must be readable by user $(id -u) (docs/docker.md)" >&2
    return 1
  fi
}

SUPABASE_SERVICE_ROLE_KEY=$(key supabase_service_role_key 'the service-role key')
SUPABASE_SERVICE_ROLE_KEY_PREVIOUS=$(key supabase_service_role_key_previous 'the previous service-role key')
HOSTED_SECRETS_KEY=$(key hosted_secrets_key 'the hosted secrets key')
HOSTED_SECRETS_KEY_PREVIOUS=$(key hosted_secrets_key_previous 'the previous hosted secrets key')
GATEWAY_REGISTRATION_TOKEN=$(key gateway_registration_token 'the registration token')
export SUPABASE_SERVICE_ROLE_KEY SUPABASE_SERVICE_ROLE_KEY_PREVIOUS HOSTED_SECRETS_KEY HOSTED_SECRETS_KEY_PREVIOUS
export GATEWAY_REGISTRATION_TOKEN
# Small heap and one helper thread: the program is idle nearly always.
exec node --max-semi-space-size=2 --v8-pool-size=1 /hq/runner/hq-runner.js
