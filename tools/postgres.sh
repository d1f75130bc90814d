#!/bin/sh
# A throw-away PostgreSQL for the tests: its own folder, a Unix socket, no network.
#   tools/postgres.sh start FOLDER   makes and starts it, prints its address (for SCEAU_TEST_POSTGRES)
#   tools/postgres.sh stop FOLDER    stops it and removes the folder
# PostgreSQL refuses to run as root: run as root, it is given to the user `postgres`.
set -eu

usage() {
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
}

[ $# -eq 2 ] || usage
folder=$2

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 3; }

as_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        su postgres -s /bin/sh -c "$1"
    else
        sh -c "$1"
    fi
}

case $1 in
start)
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder"; fi
    as_owner "'$bin/initdb' -D '$folder/data' -U sceau -A trust -E UTF8 --no-sync --locale=C.UTF-8 >'$folder/initdb.log' 2>&1" ||
        { cat "$folder/initdb.log" >&2; exit 4; }
    as_owner "'$bin/pg_ctl' -D '$folder/data' -w -l '$folder/server.log' \
        -o \"-c listen_addresses='' -c unix_socket_directories='$folder' -c fsync=off -c max_connections=200\" start >/dev/null" ||
        { cat "$folder/server.log" >&2; exit 5; }
    echo "postgresql://sceau@/postgres?host=$folder"
    ;;
stop)
    folder=$(cd "$folder" && pwd)
    as_owner "'$bin/pg_ctl' -D '$folder/data' -m immediate stop >/dev/null"
    rm -rf "$folder"
    ;;
*)
    usage
    ;;
esac
