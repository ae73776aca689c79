#!/usr/bin/env bash
# Holds the house to its plan: a room includes only from the rooms below it, SQL stands in store/ alone, an addon knows
# the public header and addons/meta/ alone. TAP.
set -uo pipefail
cd "$(dirname "$0")/.."

n=0 bad=0
result() { # result STATUS NAME DETAIL
  n=$((n + 1))
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; printf '%s\n' "$3" | sed 's/^/# /'; fi
}

declare -A below=(
  [base]="base" [store]="base store" [files]="base store files" [channel]="base channel meta" [inbox]="base store files channel inbox"
  [addon]="base store channel inbox addon" [work]="base store files channel inbox addon work"
  [web]="base store files channel inbox addon web" [cmd]="base store files channel inbox addon work web cmd"
)
for room in base store files channel inbox addon work web cmd; do
  found=$(grep -rnoE '^#include "[a-z_]+/' "src/$room" --include='*.[ch]' | while IFS= read -r line; do
    target=${line##*\"}; target=${target%/}
    case " ${below[$room]} mailtrixy " in *" $target "*) ;; *) echo "${line%%#*} includes $target/" ;; esac
  done)
  [ -z "$found" ]; result $? "src/$room uses only the rooms below it" "$found"
done

found=$(grep -rnE '"[^"]*\b(SELECT|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE TABLE)\b' src --include='*.[ch]' | grep -v '^src/store/' | head -5)
[ -z "$found" ]; result $? "SQL stands in src/store alone" "$found"
for room in addons/*/; do
  room=${room%/}
  found=$(grep -rnE '#include "[^"]*/' "$room" --include='*.[ch]' | grep -v '#include "meta/' | head -5)
  [ -z "$found" ]; result $? "$room knows the public header and addons/meta alone" "$found"
done
found=$(grep -rniE 'instagram|whatsapp' src/inbox src/store src/work --include='*.[ch]' | grep -vE '/\*|^\S+:\s*\*|e\.g\.|//' | grep -viE 'instagram_graph_url' | head -5)
[ -z "$found" ]; result $? "the domain names no channel" "$found"
found=$(for h in $(git ls-files 'src/*.h' 'include/*.h' 'addons/*.h'); do
  gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Isrc -Iinclude -Iaddons -x c -fsyntax-only "$h" 2>&1 | grep -E 'error' | head -1; done)
[ -z "$found" ]; result $? "every header compiles alone" "$found"
found=$(git ls-files | xargs grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- 2>/dev/null | grep -v '^tools/rooms.sh' | head -5)
[ -z "$found" ]; result $? "no word of unfinished work" "$found"
echo "1..$n"
exit $bad
