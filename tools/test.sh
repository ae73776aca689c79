#!/usr/bin/env bash
# Runs the tests and counts them. Parts, in this order: rooms unit thread fuzz page sim scenario browser mariadb. Without arguments: all.
# The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh

passed=0 failed=0
results=.dev/test-results; rm -rf "$results"; mkdir -p "$results"
wanted=" ${*:-rooms unit thread fuzz page sim scenario browser mariadb} "
has() { case "$wanted" in *" $1 "*) return 0 ;; esac; return 1; }
count() { passed=$((passed + $1)); failed=$((failed + $2)); }

# Counts the "ok" lines of TAP in a file; a program that ended badly without a "not ok" is one failure more.
count_tap() { # count_tap FILE STATUS NAME
  local ok not_ok
  ok=$(grep -cE '^[[:space:]]*ok [0-9]+' "$1"); not_ok=$(grep -cE '^[[:space:]]*not ok [0-9]+' "$1")
  if [ "$ok$not_ok" = 00 ] && grep -qE '^[0-9]+ passed, [0-9]+ failed$' "$1"; then	# a program that counts by itself
    ok=$(sed -nE 's/^([0-9]+) passed, [0-9]+ failed$/\1/p' "$1" | tail -1); not_ok=$(sed -nE 's/^[0-9]+ passed, ([0-9]+) failed$/\1/p' "$1" | tail -1)
  fi
  if [ "$2" != 0 ] && [ "$not_ok" = 0 ]; then not_ok=1; fi
  if [ "$2" = 0 ] && [ "$ok" = 0 ]; then not_ok=1; echo "    no test ran in $3" >&2; fi
  count "$ok" "$not_ok"
  if [ "$not_ok" = 0 ]; then printf '    %-28s %4d passed\n' "$3" "$ok"
  else printf '    %-28s %4d passed, %d FAILED\n' "$3" "$ok" "$not_ok"; tail -n 120 "$1" | sed 's/^/      | /'; fi
}

# As many programs at once as there are processors: most wait for each other, for the disk or for a time to pass.
jobs=$(nproc 2>/dev/null || echo 2)

# Every test program that meson lists in a build folder, of one suite or of all: its name and, with a tab between, its command line
# with its environment.
list_unit() { # list_unit FOLDER [SUITE]
  meson introspect --tests "$1" | node -e '
    const suite = process.argv[1], quoted = (word) => "\x27" + word.replaceAll("\x27", "\x27\\\x27\x27") + "\x27";
    for (const t of JSON.parse(require("fs").readFileSync(0, "utf8")))
      if (!suite || t.suite.some((s) => s.endsWith(suite)))
        console.log(t.name + "\t" + [...Object.entries(t.env ?? {}).map(([k, v]) => k + "=" + v), ...t.cmd].map(quoted).join(" "));' "${2:-}"
}

unit() { # unit FOLDER [SUITE [ENGINE]]
  local folder=$1 engine=${3:+$3-} name words line out running=0 list
  mapfile -t list < <(list_unit "$1" "${2:-}")
  [ ${#list[@]} -gt 0 ] || { echo "    no test program in $*" >&2; count 0 1; }
  for line in "${list[@]}"; do
    IFS=$'\t' read -r name words <<<"$line"
    out="$results/$(basename "$folder")-$engine${name// /-}.tap"
    if [ "$running" -ge "$jobs" ]; then wait -n; running=$((running - 1)); fi
    # In the build folder, as meson does: what a test is handed may lie there.
    { CMOCKA_MESSAGE_OUTPUT=TAP ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 timeout 300 sh -c "cd '$folder' && exec env $words" >"$out" 2>&1; echo $? >"$out.status"; } &
    running=$((running + 1))
  done
  wait
  for line in "${list[@]}"; do
    name=${line%%$'\t'*} out="$results/$(basename "$folder")-$engine${name// /-}.tap"
    count_tap "$out" "$(cat "$out.status")" "$engine$name"
  done
}

# Files at once, where this Node can be told: by itself it takes one less than there are processors.
concurrency=; if node --test-concurrency="$jobs" -e 0 2>/dev/null; then concurrency=$jobs; fi
node_tests() { # node_tests NAME FILE…
  local name=$1 out="$results/$1.tap" status=0; shift
  timeout 1200 node --test ${concurrency:+"--test-concurrency=$concurrency"} --test-reporter=tap "$@" >"$out" 2>&1 || status=$?
  # Nested suites report their parent too: the summary at the end counts each test once.
  local p f; p=$(sed -n 's/^# pass //p' "$out" | tail -1); f=$(sed -n 's/^# fail //p' "$out" | tail -1)
  p=${p:-0} f=${f:-0}
  c=$(sed -n 's/^# cancelled //p' "$out" | tail -1); f=$((f + ${c:-0}))
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  if [ "$p" = 0 ] && [ "$f" = 0 ]; then f=1; fi
  count "$p" "$f"
  if [ "$f" = 0 ]; then printf '    %-28s %4d passed\n' "$name" "$p"
  else printf '    %-28s %4d passed, %d FAILED\n' "$name" "$p" "$f"; grep -B2 -A25 '^ *not ok' "$out" | head -150 | sed 's/^/      | /'; fi
}

if has rooms; then
  say "the rooms: who includes whom, banned words"
  tools/rooms.sh >"$results/rooms.tap" 2>&1; count_tap "$results/rooms.tap" $? rooms
fi
if has unit || has scenario || has browser || has mariadb; then
  configure build-asan -Dbuildtype=debugoptimized -Dtests=true -Db_sanitize=address,undefined -Db_lundef=false
  quietly "building with AddressSanitizer and UndefinedBehaviorSanitizer" ninja -C build-asan
fi
if has unit; then say "unit tests (address, undefined)"; unit build-asan; fi
if has thread; then
  configure build-tsan -Dbuildtype=debugoptimized -Dtests=true -Db_sanitize=thread -Db_lundef=false
  # Only what runs: the threaded tests with what each needs, and the program with its addon.
  mapfile -t threaded < <(meson introspect --tests --targets build-tsan | node -e '
    const path = require("path"), here = path.resolve("build-tsan"), { tests, targets } = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const files = new Map(targets.map((t) => [t.id, t.filename])), wanted = new Set();
    for (const t of tests)
      if (t.suite.some((s) => s.endsWith("thread"))) for (const f of [t.cmd[0], ...t.depends.flatMap((id) => files.get(id) ?? [])]) wanted.add(path.relative(here, f));
    for (const f of wanted) console.log(f);')
  quietly "building with ThreadSanitizer" ninja -C build-tsan mailtrixy instagram-addon-v1.0.0.zip "${threaded[@]}"
  say "threaded tests (thread)"; unit build-tsan thread
  say "files, live updates and power failures with the program under ThreadSanitizer"
  MAILTRIXY_PROGRAM="$PWD/build-tsan/mailtrixy" MAILTRIXY_ADDON="$PWD/build-tsan/instagram-addon-v1.0.0.zip" \
    TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 node_tests thread tests/scenario/{live,media,outgoing,storm,disorder}.test.mjs
fi
if has fuzz; then
  install_packages $packages_fuzz
  say "fuzzing each parser for a few seconds, with the crashes of the past"
  tools/fuzz.sh 3 >"$results/fuzz.tap" 2>&1; count_tap "$results/fuzz.tap" $? fuzz
fi
if has page; then say "the page: types and pure parts"; (cd ui && npm run --silent check) && count 1 0 || count 0 1; node_tests page ui/test/*.test.*; fi
if has sim; then say "the simulator"; node_tests sim sim/test/*.test.mjs; fi
export MAILTRIXY_PROGRAM="$PWD/build-asan/mailtrixy" MAILTRIXY_ADDON="$PWD/build-asan/instagram-addon-v1.0.0.zip"
# Scenarios that start database servers of their own, and all the others. Of those, some are not run once more on MariaDB: they would take
# minutes and meet nothing there that the rest does not. http, line: sockets and framing, before any table. backup: an SQLite file's copy
# (backup_shared is MariaDB's). files, media: how bytes come and go, before any row; files_servers and the units are about those that
# the database keeps. outgoing, whatsapp, street_whatsapp: the units of reply, delivery and kill_delivery at more length. storm: the same
# power failures as kill and kill_delivery, for longer.
not_on_mariadb=" http line backup files media outgoing whatsapp street_whatsapp storm "
own_servers=() others=() again=()
for file in tests/scenario/*.test.mjs; do
  if grep -q "from './lib/mariadb.mjs'" "$file" && grep -qE '\b(Mariadb|Galera)\.start' "$file"; then own_servers+=("$file"); continue; fi
  others+=("$file"); name=${file##*/}
  case "$not_on_mariadb" in *" ${name%.test.mjs} "*) ;; *) again+=("$file") ;; esac
done
if has scenario; then say "scenarios: the real program, real sockets, the simulator"; node_tests scenario "${others[@]}"; fi
if has browser; then say "the browser"; node_tests browser tests/browser/*.test.mjs; fi
if has mariadb; then
  # shellcheck disable=SC2086
  install_packages $packages_mariadb
  mkfifo "$results/mariadb.url"
  node tools/mariadb.mjs >"$results/mariadb.url" 2>"$results/mariadb.log" & database_pid=$!; disown
  trap 'kill "$database_pid" 2>/dev/null' EXIT
  if read -r MAILTRIXY_TEST_DATABASE <"$results/mariadb.url"; then
    export MAILTRIXY_TEST_DATABASE
    say "the store and what stands on it, once more on MariaDB"; unit build-asan database mariadb
    say "the scenarios, once more on MariaDB"; node_tests mariadb-scenario "${again[@]}"
  else count 0 1; echo "    MariaDB did not start:" >&2; cat "$results/mariadb.log" >&2; fi
  if [ ${#own_servers[@]} -gt 0 ]; then
    say "databases and servers that die, several servers, Galera"; node_tests mariadb-servers "${own_servers[@]}"
  fi
fi

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
