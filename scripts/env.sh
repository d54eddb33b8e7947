#!/bin/sh
# In: a machine with Python 3.11 or newer; out: .venv with exactly what uv.lock names. Does nothing when that is so already.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9 # the one place where it is pinned
STAMP=.venv/.made-from-lock

say() { printf '%s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3 python}; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    say "Paradeiro needs Python 3.11 or newer. Found: $(${PYTHON:-python3} --version 2>&1 || true)"
    say "Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make env PYTHON=/path/to/python3.12"
    return 1
}

new_venv() { # $1: the folder
    if ! out=$("$python" -m venv --clear "$1" 2>&1); then
        say "$out"
        say ""
        say "Could not make a virtual environment with $python."
        say "On Debian and Ubuntu the module comes separately: apt-get install python3-venv. And $(pwd) must be writable."
        exit 1
    fi
}

fresh() { [ -f "$STAMP" ] && [ "$STAMP" -nt uv.lock ] && [ "$STAMP" -nt pyproject.toml ] && [ "$STAMP" -nt scripts/env.sh ]; }

if fresh && [ -x .uv/bin/uv ] && new_enough .venv/bin/python && [ -x .venv/bin/paradeiro ]; then
    exit 0
fi

python=$(find_python) || exit 1

if [ "$(.uv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    say "Installing uv $UV_VERSION into .uv (with $python, $("$python" --version))"
    new_venv .uv
    echo '*' >.uv/.gitignore
    .uv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "uv==$UV_VERSION"
fi

new_enough .venv/bin/python || new_venv .venv

say "Making .venv from uv.lock"
unset VIRTUAL_ENV
UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON=.venv/bin/python UV_PYTHON_DOWNLOADS=never .uv/bin/uv sync --frozen --quiet --compile-bytecode
touch "$STAMP"
say "Ready: .venv/bin/paradeiro"
