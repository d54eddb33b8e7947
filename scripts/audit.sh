#!/bin/sh
# In: uv.lock, and perhaps arguments for `uv audit`; out: status 1 if a locked package has a known weakness. Where the source of advisories
# (osv.dev) cannot be reached, one line says so, and the status is 0: a check must be possible without a network.
said=$(timeout 60 .uv/bin/uv audit --frozen "$@" 2>&1)
status=$?
[ "$status" -eq 1 ] && { printf '%s\n' "$said"; exit 1; }
[ "$status" -eq 0 ] || { printf 'known weaknesses: not looked up, the advisory source gave no answer\n'; exit 0; }
printf '%s\n' "$said" | tail -n 1
