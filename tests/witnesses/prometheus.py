"""Prometheus itself, from Debian's package, in a namespace of the lab's; and node_exporter."""

import functools
import http.client
import json
import pathlib
import subprocess
import urllib.parse

import yaml

from lab.transcript import Transcript, eventually

_UNPACKED = pathlib.Path(__file__).resolve().parents[1] / "support" / "unpacked"
_PORT = 9090


@functools.cache
def unpacked(package):
    """A folder with the package's files."""
    done = subprocess.run([_UNPACKED, package], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


class Prometheus:
    """Runs from the moment it is made until close(). It asks each target so often, whatever the configuration says."""

    def __init__(self, namespace, folder, config, rules=None, interval="1s"):
        self._namespace = namespace
        folder.mkdir(exist_ok=True)
        config = {"global": {"evaluation_interval": interval}, **config}
        for job in config["scrape_configs"]:
            job["scrape_interval"] = interval
        if rules is not None:
            (folder / "rules.yaml").write_text(rules, encoding="utf-8")
            config["rule_files"] = [str(folder / "rules.yaml")]
        file = folder / "prometheus.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._process = namespace.start(
            unpacked("prometheus") / "usr" / "bin" / "prometheus", f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{_PORT}",
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.log = Transcript()
        self._reader = self.log.follow(self._process.stderr)
        self.log.wait_for(lambda line: "Server is ready" in line, "Prometheus is ready")

    @property
    def process_id(self):
        return self._process.pid

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def get(self, path, **parameters):
        """What its API answers, or a ValueError in its words."""
        connection = http.client.HTTPConnection("127.0.0.1", _PORT)
        connection.sock = self._namespace.connection("127.0.0.1", _PORT, timeout=60)
        try:
            connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]

    def query(self, expression):
        """[(labels, number)] at this moment."""
        return [(each["metric"], float(each["value"][1])) for each in self.get("query", query=expression)["result"]]

    def await_query(self, expression, wanted, what=None, timeout=30):
        """Until its samples are as wanted (a predicate, or the samples); returns them."""
        is_it = wanted if callable(wanted) else lambda samples: samples == wanted
        samples = None

        def look():
            nonlocal samples
            samples = self.query(expression)
            return is_it(samples)

        try:
            eventually(look, what or expression, timeout, pause=0.1)
        except AssertionError as error:
            errors = [each["lastError"] for each in self.get("targets")["activeTargets"] if each["lastError"]]
            raise AssertionError(f"{expression} has {samples}; targets say: {errors[:3]}") from error
        return samples

    def firing(self):
        """Alerts that fire: [(labels, annotations)]"""
        return [(each["labels"], each["annotations"]) for each in self.get("alerts")["alerts"]
                if each["state"] == "firing"]
