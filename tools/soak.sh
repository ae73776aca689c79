#!/usr/bin/env bash
# What the test run does for a minute, for as long as one likes and with faults in any order: soak.sh galera [SECONDS [SEED]].
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh
what=${1:-galera}
[ "$what" = galera ] || die "there is no soak '$what': galera"
# shellcheck disable=SC2086
install_packages $packages_mariadb
configure build-asan -Dbuildtype=debugoptimized -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false
quietly "building with AddressSanitizer and UndefinedBehaviorSanitizer" ninja -C build-asan mailtrixy instagram-addon-v1.0.0.zip
export MAILTRIXY_PROGRAM="$PWD/build-asan/mailtrixy" MAILTRIXY_ADDON="$PWD/build-asan/instagram-addon-v1.0.0.zip"
export MAILTRIXY_SOAK_SECONDS=${2:-600} MAILTRIXY_SOAK_SEED=${3:-$RANDOM}
say "three nodes, two servers, faults for $MAILTRIXY_SOAK_SECONDS s (seed $MAILTRIXY_SOAK_SEED)"
exec node --test tests/scenario/galera.test.mjs
