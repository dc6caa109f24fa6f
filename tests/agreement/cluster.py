"""A Spark cluster of one's own: a standalone master and two workers from the pip package, listening on this machine only."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import free_port

START_SECONDS_MAX = 90
# Nothing listens beyond this machine; short-lived processes are not worth being compiled for long.
HERE_ONLY = {
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_DAEMON_MEMORY": "256m",
    "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
    "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
STOP_SECONDS_MAX = 20
MISSING = "Spark needs Java 17 and pyspark: ./run test --spark installs the latter (some 400 MB)"


def is_there() -> bool:
    """Whether a cluster can be made here."""
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The URL of a master with two workers from the pip package; they end with the block."""
    import pyspark

    home, port = Path(pyspark.__file__).parent, free_port()
    url = f"spark://127.0.0.1:{port}"
    environment = {**os.environ, **HERE_ONLY, "SPARK_HOME": str(home), "SPARK_NO_DAEMONIZE": "1"}
    deploy = [str(home / "bin" / "spark-class")]
    master = [*deploy, "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port)]
    worker = [*deploy, "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "-c", "1", "-m", "1g"]
    started = []
    try:
        for n, command in enumerate((master, worker, worker)):
            ports = ["--webui-port", str(free_port())] + (["-d", str(folder / f"work{n}"), url] if n else [])
            with (folder / f"spark-{n}.log").open("wb") as log:
                started.append(
                    subprocess.Popen([*command, *ports], env=environment, stdout=log, stderr=log, start_new_session=True)
                )
            if not n:
                _wait_for(port)
        yield url
    finally:
        for process in reversed(started):
            _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Its whole group, which is nobody else's: a worker's executors stand in it."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(STOP_SECONDS_MAX)
            return
        except ProcessLookupError:
            process.wait()
            return
        except subprocess.TimeoutExpired:
            continue


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError("the Spark master did not start")
