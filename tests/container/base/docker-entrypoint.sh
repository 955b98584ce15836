#!/bin/bash
# The part of the official image's entrypoint that the tests and the compose file use: POSTGRES_USER, POSTGRES_PASSWORD,
# POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, POSTGRES_INITDB_ARGS and *.sh, *.sql in /docker-entrypoint-initdb.d.
set -euo pipefail

case "${1:-}" in
    -*) set -- postgres "$@" ;;
esac

if [ "${1:-}" = postgres ] && [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups /bin/bash "$0" "$@"
fi

if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    export POSTGRES_USER=${POSTGRES_USER:-postgres}
    export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
    method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
        echo 'POSTGRES_PASSWORD is not set, and POSTGRES_HOST_AUTH_METHOD is not trust' >&2
        exit 1
    fi
    read -ra initdb_args <<<"${POSTGRES_INITDB_ARGS:-}"
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-unused}") "${initdb_args[@]}"
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"

    # The first start listens on the socket only, so that a client sees nothing before all is in place.
    pg_ctl -w start -o "-c listen_addresses=''"
    psql=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username="$POSTGRES_USER")
    if [ "$POSTGRES_DB" != postgres ]; then
        "${psql[@]}" --dbname=postgres -v db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
    fi
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sh)  echo "running $file"; bash "$file" ;;
            *.sql) echo "running $file"; "${psql[@]}" --dbname="$POSTGRES_DB" -f "$file" ;;
        esac
    done
    pg_ctl -w -m fast stop
fi

exec "$@"
