#!/bin/bash
# health-probe.sh PORT PATH …: fails unless every path on loopback answers 200. Health check of the images: they have no curl, and
# Node would cost 160 ms of processor time instead of 3.
set -u
port=$1
shift
for path in "$@"; do
  if ! { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
    echo "nothing listens on port $port"
    exit 1
  fi
  printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$path" "$port" >&3
  if ! read -r -t 4 _ status _ <&3; then
    echo "$path does not answer"
    exit 1
  fi
  # Reads to the end: the server would log a client that disconnects early.
  cat <&3 >/dev/null
  exec 3>&-
  if [[ $status != 200 ]]; then
    echo "$path answers $status"
    exit 1
  fi
done
