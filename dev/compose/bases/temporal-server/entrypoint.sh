#!/bin/sh
# As the official image's: the server takes its configuration from the environment.
set -eu -o pipefail
own="$(getent hosts "$(hostname)" | awk '{ print $1 }')"
export BIND_ON_IP="${BIND_ON_IP:-$own}"
[ "$BIND_ON_IP" != 0.0.0.0 ] || export TEMPORAL_BROADCAST_ADDRESS="${TEMPORAL_BROADCAST_ADDRESS:-$own}"
exec temporal-server start
