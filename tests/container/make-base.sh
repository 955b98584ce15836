#!/bin/bash
# make-base.sh
# Finds or makes the image that tests/container/Dockerfile builds on, and prints its name as the only line on stdout.
#
# 1. AGENTRY_BASE_IMAGE, when it is set.
# 2. The public pgvector image, when it is here or can be pulled.
# 3. An equal one, made from Debian with debootstrap (root is needed; about a minute).
#
# Safe to run again: what is there already is kept.
set -euo pipefail

readonly major=17
readonly suite=trixie
readonly public=pgvector/pgvector:pg${major}
here=$(cd "$(dirname "$0")" && pwd)

say() { echo "make-base: $*" >&2; }
have() { docker image inspect "$1" >/dev/null 2>&1; }

if [ -n "${AGENTRY_BASE_IMAGE:-}" ]; then
    echo "$AGENTRY_BASE_IMAGE"
    exit
fi

# The name carries a checksum of what the image is made from, so that a change of the recipe makes a new image.
sum=$(cat "$here/base/Dockerfile" "$here/base/docker-entrypoint.sh" | sha256sum | cut -c1-12)
own=agentry-base:${suite}-pg${major}-${sum}

for image in "$public" "$own"; do
    if have "$image"; then
        echo "$image"
        exit
    fi
done

say "pulling $public"
if timeout 600 docker pull --quiet "$public" >/dev/null 2>"${TMPDIR:-/tmp}/agentry-pull.$$"; then
    rm -f "${TMPDIR:-/tmp}/agentry-pull.$$"
    echo "$public"
    exit
fi
say "cannot pull: $(tail -n 1 "${TMPDIR:-/tmp}/agentry-pull.$$")"
rm -f "${TMPDIR:-/tmp}/agentry-pull.$$"

if ! command -v debootstrap >/dev/null || [ "$(id -u)" != 0 ]; then
    say "a base can be made from Debian $suite: run $0 as root, with the package debootstrap installed"
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
debian=agentry-debian:${suite}

if ! have "$debian"; then
    say "making a Debian $suite with debootstrap"
    if ! debootstrap --variant=minbase "$suite" "$work/root" >"$work/log" 2>&1; then
        tail -n 20 "$work/log" >&2
        exit 1
    fi
    rm -rf "$work/root/var/cache/apt/archives/"*.deb
    tar --one-file-system -C "$work/root" -c . | docker import - "$debian" >/dev/null
fi

# apt inside the build takes the proxy that apt here takes, if there is one.
proxy=()
for scheme in http https; do
    value=$(apt-config dump --format '%v' "Acquire::${scheme}::Proxy" 2>/dev/null || true)
    if [ -n "$value" ] && [ "$value" != DIRECT ]; then
        proxy+=(--build-arg "${scheme}_proxy=$value")
    elif [ -n "$(printenv "${scheme}_proxy" || true)" ]; then
        proxy+=(--build-arg "${scheme}_proxy")
    fi
done

say "installing PostgreSQL $major with pgvector"
if ! docker build --network host "${proxy[@]}" --build-arg "DEBIAN_IMAGE=$debian" --build-arg "PG_MAJOR=$major" \
        --tag "$own" "$here/base" >"$work/log" 2>&1; then
    tail -n 30 "$work/log" >&2
    exit 1
fi
echo "$own"
