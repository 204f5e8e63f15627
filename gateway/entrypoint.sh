#!/bin/sh
# Creates missing files of the state volume, then runs the gateway.
set -eu
umask 077

state=${OPENCLAW_STATE_DIR:?}
mkdir -p "$state"

# Files are renamed when complete, so that a killed start leaves no partial file.
if [ ! -e "$state/openclaw.json" ]; then
  cp /hq/gateway/config/openclaw.json "$state/openclaw.json.new"
  mv "$state/openclaw.json.new" "$state/openclaw.json"
fi
if [ ! -s "$state/gateway-token" ]; then
  node -e 'process.stdout.write(crypto.randomBytes(32).toString("hex"))' >"$state/gateway-token.new"
  mv "$state/gateway-token.new" "$state/gateway-token"
fi

OPENCLAW_GATEWAY_TOKEN=$(cat "$state/gateway-token")
export OPENCLAW_GATEWAY_TOKEN
exec node /hq/node_modules/openclaw/openclaw.mjs gateway run
