#!/bin/sh
# What docker-compose.yml uses of the official image: its settings come from the environment.
set -eu
mkdir -p /tmp/config
cat > /tmp/config/docker.yaml <<END
temporalGrpcAddress: ${TEMPORAL_ADDRESS}
host: 0.0.0.0
port: 8080
enableUi: true
codec:
  endpoint: "${TEMPORAL_CODEC_ENDPOINT:-}"
END
exec ui-server --root /tmp --config config --env docker start
