#!/usr/bin/env bash
# Measures: bench.sh [ingest|live|widen] [OPTION…]. Each prints ratios of one run on one machine; nothing is asserted.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh
what=${1:-ingest}; [ $# -gt 0 ] && shift
[ -f "bench/$what.mjs" ] || die "there is no bench '$what': $(cd bench && ls *.mjs | sed 's/\.mjs//' | tr '\n' ' ')"
exec node "bench/$what.mjs" "$@"
