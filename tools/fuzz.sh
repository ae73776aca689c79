#!/usr/bin/env bash
# Fuzzes the parsers of outside bytes with libFuzzer, under AddressSanitizer and UndefinedBehaviorSanitizer.
# fuzz.sh SECONDS [TARGET]: TAP, one line a target. The corpus grows in .dev/corpus; what once crashed stands in fuzz/regressions.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh

seconds=${1:-60} only=${2:-}
if [ ! -f build-fuzz/build.ninja ]; then
  addon_key
  CC=clang meson setup build-fuzz -Dfuzz=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
    -Daddon_key="$PWD/.dev/keys/addon.key" >/dev/null || { echo "Bail out! meson setup failed"; exit 1; }
fi
ninja -C build-fuzz >/dev/null || { ninja -C build-fuzz | tail -40; echo "Bail out! the fuzz targets do not build"; exit 1; }

n=0 bad=0
for program in build-fuzz/fuzz/*_fuzz; do
  name=$(basename "$program" _fuzz)
  [ -z "$only" ] || [ "$only" = "$name" ] || continue
  case $name in # what a channel's tests read is where its fuzzing begins
    instagram_webhook) examples=addons/instagram/test/payloads ;;
    whatsapp_webhook) examples=tests/channel/whatsapp/payloads ;;
    *) examples=fuzz/seeds/$name ;;
  esac
  n=$((n + 1)); corpus=.dev/corpus/$name; mkdir -p "$corpus" .dev/crashes "fuzz/regressions/$name"
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix=".dev/crashes/$name-" -print_final_stats=1 \
      "$corpus" "fuzz/regressions/$name" $( [ -d "$examples" ] && echo "$examples" ) >".dev/fuzz-$name.log" 2>&1
  then echo "ok $n - $name ($(sed -n 's/stat::number_of_executed_units: *//p' ".dev/fuzz-$name.log") runs)"
  else bad=1; echo "not ok $n - $name"; tail -n 40 ".dev/fuzz-$name.log" | sed 's/^/# /'; fi
done
echo "1..$n"
exit $bad
