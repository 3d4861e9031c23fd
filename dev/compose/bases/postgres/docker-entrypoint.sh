#!/bin/sh
# What docker-compose.yml uses of the official image's entry point, around Debian's PostgreSQL.
set -eu
[ "${1:-}" = postgres ] || exec "$@"
shift
PATH="$(echo /usr/lib/postgresql/*/bin):$PATH"
export PATH PGDATA=/var/lib/postgresql/docker
if [ "$(id -u)" = 0 ]; then
  POSTGRES_PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
  export POSTGRES_PASSWORD
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres: /var/lib/postgresql /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" postgres "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password="$(mktemp)"
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
  initdb --username=postgres --pwfile="$password" --auth=scram-sha-256
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
fi
unset POSTGRES_PASSWORD
exec postgres -c listen_addresses='*' "$@"
