# Sourced by ./dev and the scripts beside this one: installs what is missing and builds. Says what it does.

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf '\033[1;31m==>\033[0m %s\n' "$*" >&2; exit 1; }

packages_build="gcc libc6-dev pkg-config meson ninja-build libevent-dev libjson-c-dev libsqlite3-dev libmariadb-dev libssl-dev libsodium-dev
  libcurl4-openssl-dev libzip-dev libmagic-dev libjpeg62-turbo-dev libpng-dev libwebp-dev libgif-dev libseccomp-dev openssl ca-certificates"
packages_test="libcmocka-dev chromium fonts-dejavu-core fonts-noto-color-emoji"
packages_mariadb="mariadb-server mariadb-client galera-4 rsync iproute2 util-linux"	# servers that tests start by themselves
packages_fuzz="clang libclang-rt-14-dev"
packages_lint="cppcheck clang-tidy"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Runs a long command quietly; its output is shown only when it fails.
quietly() { # quietly WORDS COMMAND…
  local words=$1 log; shift
  mkdir -p .dev; log=.dev/last-step.log
  say "$words"
  if ! "$@" >"$log" 2>&1; then tail -n 60 "$log" >&2; die "failed: $words (the whole output: $log)"; fi
}

install_packages() {
  local missing=()
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "these are needed and only Debian's package tool is known here: ${missing[*]}"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "run as root, or install sudo: ${missing[*]} must be installed"
  quietly "reading Debian's package list" as_root apt-get -q -o DPkg::Lock::Timeout=300 update
  quietly "installing ${missing[*]}" as_root env DEBIAN_FRONTEND=noninteractive sh -c "$install_without_services" install "${missing[@]}"
}

# Debian starts a service when its package comes: not those that come for tests. An operator's own policy stays as it is.
install_without_services='
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy"
  fi
  apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"'

node_is_new_enough() { command -v node >/dev/null && command -v npm >/dev/null && [ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ]; }

# npm ci in a folder, again only when its lock file changed.
npm_install() {
  local folder=$1 stamp=.dev/npm-${1//\//-}.stamp
  if [ -d "$folder/node_modules" ] && cmp -s "$folder/package-lock.json" "$stamp"; then return 0; fi
  quietly "installing the npm packages of $folder" npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error
  cp "$folder/package-lock.json" "$stamp"
}

need() { # need GROUP…
  local list=""
  for group in "$@"; do local name=packages_$group; list="$list ${!name}"; done
  # shellcheck disable=SC2086
  install_packages $list
  node_is_new_enough || { install_packages nodejs npm; node_is_new_enough || die "Node.js 18 or newer is needed"; }
  mkdir -p .dev
  npm_install ui
  case " $* " in *" test "*) npm_install tests ;; esac
}

# The key that signs the addons built here, and that the server built here trusts. Made once and kept out of the repository.
addon_key() {
  [ -s .dev/keys/addon.key ] && [ -s .dev/keys/addon.pub ] && return 0
  mkdir -p .dev/keys
  ( umask 077
    openssl genpkey -algorithm ed25519 -outform DER -out .dev/keys/addon.der
    openssl pkey -inform DER -in .dev/keys/addon.der -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n' > .dev/keys/addon.pub
    { tail -c 32 .dev/keys/addon.der | od -An -v -tx1 | tr -d ' \n'; cat .dev/keys/addon.pub; } > .dev/keys/addon.key
    rm .dev/keys/addon.der )
}

configure() { # configure FOLDER MESON_OPTION…
  local folder=$1; shift
  addon_key
  if [ ! -f "$folder/build.ninja" ]; then
    quietly "configuring $folder" meson setup "$folder" -Daddon_key="$PWD/.dev/keys/addon.key" "$@"
  fi
}

build_release() {
  configure build -Dbuildtype=release -Dtests="$(have_cmocka)"
  quietly "building" ninja -C build
}

have_cmocka() { if pkg-config --exists cmocka 2>/dev/null; then echo true; else echo false; fi; }
