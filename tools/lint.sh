#!/usr/bin/env bash
# What no compiler says: the rooms, cppcheck, clang-tidy's bug finders, the page's types.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh
configure build-asan -Dbuildtype=debugoptimized -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false
bad=0
say "the rooms"; tools/rooms.sh || bad=1
say "cppcheck"
cppcheck --quiet --enable=warning,portability,performance --inline-suppr --suppress=missingIncludeSystem --error-exitcode=1 \
  --std=c11 -D_GNU_SOURCE -Isrc -Iinclude -Iaddons -j 2 src addons/*/*.c || bad=1
say "clang-tidy"
# Left out: what speaks of style alone, and the va_list check, which clang 14 gets wrong after every va_start.
git ls-files 'src/*.c' 'addons/instagram/*.c' 'addons/meta/*.c' | xargs -P 2 -n 8 clang-tidy -p build-asan --quiet --warnings-as-errors='*' \
  --checks='-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-narrowing-conversions,clang-analyzer-*,-bugprone-misplaced-widening-cast,-bugprone-implicit-widening-of-multiplication-result,-clang-analyzer-valist.Uninitialized,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling' 2>/dev/null || bad=1
say "the page's types"; (cd ui && npm run --silent check) || bad=1
exit $bad
