#!/bin/sh
# Makes the secrets of docker-compose.yml that are missing in secrets/, or in the folder that is given: random ones,
# a file each. Those that are there stay: PostgreSQL and Temporal's data know them.
set -eu
NAMES="database_superuser database_owner database_worker database_gpu database_api database_temporal temporal_payload_key inference"
[ $# -gt 0 ] || cd "$(dirname "$0")/.."
secrets="${1:-secrets}"
umask 077
mkdir -p "$secrets"
for name in $NAMES; do
  file="$secrets/$name"
  if [ -s "$file" ]; then continue; fi
  # 32 bytes in hex; by rename, so that an interrupted one leaves no half.
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$file.new"
  mv "$file.new" "$file"
  echo "made $file"
done
# The containers run as uid 1000, who has to read them.
if [ "$(id -u)" = 0 ]; then
  chown -R 1000:1000 "$secrets"
elif [ "$(id -u)" != 1000 ]; then
  echo "you are uid $(id -u); the containers read as uid 1000: sudo chown -R 1000:1000 $secrets" >&2
fi
