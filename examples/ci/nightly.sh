#!/bin/sh
# From cron, without any CI system:  17 4 * * *  /srv/prices/nightly.sh
# Looks for drift and writes the price list anew. Says nothing when all is well, so that cron writes no mail.
#   PRICES       a clone of the repository with pricebook.yaml (default: where this file lies)
#   ENVIRONMENT  the environment to look at (default: production)
#   SITE         where the pages of the price list go (default: none are written)
#   TOKEN_FILE   a file with the read-only token that only this user can read (default: METRONOME_BEARER_TOKEN is set)
set -eu

cd "${PRICES:-$(dirname "$0")}"
environment=${ENVIRONMENT:-production}
if [ -n "${TOKEN_FILE:-}" ]; then
    METRONOME_BEARER_TOKEN=$(cat "$TOKEN_FILE")
    export METRONOME_BEARER_TOKEN
fi
said=$(mktemp)
trap 'rm -f "$said"' EXIT

status=0
pricebook --env "$environment" drift >"$said" 2>&1 || status=$?
if [ "$status" -ne 0 ]; then
    cat "$said"
fi
if [ -n "${SITE:-}" ]; then
    pricebook --env "$environment" site --output "$SITE" >"$said" 2>&1 || { status=$?; cat "$said"; }
fi
exit "$status"
