#!/bin/sh
# In: perhaps a Debian on which we are root; out: Chromium for the browser tests, or a printed reason why there is none.
set -eu

skip() { printf 'Browser tests will be skipped: %s.\n' "$*"; exit 0; }

for name in chromium chromium-browser; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
[ "${PARADEIRO_CHROMIUM:-}" != skip ] || skip "no Chromium, and PARADEIRO_CHROMIUM=skip says not to install it"
grep -qs '^ID=debian' /etc/os-release || skip "no Chromium, and this is not Debian; install it to run them"
command -v apt-get >/dev/null 2>&1 || skip "no Chromium and no apt-get"
[ "$(id -u)" = 0 ] || skip "no Chromium; as root: apt-get install chromium"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing Debian's Chromium for the browser tests (at most 5 minutes)"
apt() { DEBIAN_FRONTEND=noninteractive timeout --kill-after=10 "$1" apt-get -o DPkg::Lock::Timeout=60 -qq "$2" $3 >>"$log" 2>&1; }
if apt 100 update "" && apt 200 install "-y --no-install-recommends chromium"; then
    command -v chromium >/dev/null 2>&1 && exit 0
fi
tail -n 5 "$log"
skip "Chromium could not be installed (see above)"
