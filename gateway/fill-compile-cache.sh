#!/bin/sh
# Starts the gateway once with a state that is thrown away, so that NODE_COMPILE_CACHE holds OpenClaw's compiled code.
set -eu
home=$(mktemp -d)
HOME=$home OPENCLAW_STATE_DIR=$home/.openclaw CONTROL_SOCKET=$home/control.sock \
  node /hq/gateway/dist/hq-gateway.js &
gateway=$!
until /hq/health-probe.sh 18789 /startupz >/dev/null; do
  kill -0 "$gateway"
  sleep 1
done
# Node writes the cache when it ends.
kill "$gateway"
wait "$gateway"
rm -rf "$home"
