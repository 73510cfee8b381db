"""The servers that are compared, each with the configuration that suits it best, and the origin behind them."""

import json
import pathlib
import shutil
import subprocess
import urllib.request

from harness.processes import Process, free_port, wait_until

# Every key below /bench/cold and /slow/ is another name of one object: as many fresh objects as a run needs, no disk.
COLD_CONTENT = "bench/hot-0"

NGINX = """
daemon off; master_process on; worker_processes 1; user root;
pid {work}/nginx.pid; error_log {work}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; default_type application/octet-stream;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi; uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
  sendfile on; keepalive_requests 1000000000; keepalive_timeout 1h;
  open_file_cache max=10000 inactive=1h; open_file_cache_valid 1h;
  {http}
}}
"""

STATIC = """
  {more} tcp_nopush on;
  server {{
    listen {address}:{port}; root {root};
    location ^~ /bench/cold {{ try_files /{cold} =404; }}
    location ^~ /slow/ {{ try_files /{cold} =404; }}
  }}
"""

# With tcp_nopush a slice's last segment waits 45 ms for company.
SLICE = """
  {more} tcp_nopush off;
  proxy_cache_path {work}/cache levels=1:2 keys_zone=bench:64m max_size=64g inactive=1h use_temp_path=off;
  upstream origin {{ server {origin}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen {address}:{port};
    location / {{
      slice 1m; proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Range $slice_range;
      proxy_cache bench; proxy_cache_key $uri$slice_range; proxy_cache_valid 200 206 1h; proxy_cache_lock on;
    }}
  }}
"""

VCL = """
vcl 4.1;
backend origin {{ .host = "{host}"; .port = "{port}"; }}
sub vcl_recv {{ return (hash); }}
sub vcl_backend_response {{ set beresp.ttl = 1h; set beresp.grace = 1h; }}
"""


class Servers:
    """Makes servers: each in a work directory of its own below `directory`, which is emptied when it is made."""

    def __init__(self, options):
        self.options = options
        self.directory = pathlib.Path(options.dir)
        self.root = self.directory / "www"

    def copy_of(self, program):
        """So that a build beside the run does not change what is measured in the middle of it."""
        return str(shutil.copy2(program, self._work("bin") / "hearth"))

    def _work(self, name):
        work = self.directory / name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True, mode=0o700)
        return work

    def _nginx(self, name, http, *, cpus, address="127.0.0.1", prefix=(), **values):
        work = self._work(name)
        port = free_port()
        http = http.format(work=work, address=address, port=port, root=self.root, cold=COLD_CONTENT, **values)
        configuration = work / "nginx.conf"
        configuration.write_text(NGINX.format(work=work, http=http))
        command = [*prefix, self.options.nginx, "-p", work, "-c", configuration, "-e", work / "error.log"]
        process = Process(name, command, port=port, cpus=cpus, address=address, log=work / "output.log")
        process.work = work
        return process.start()

    def origin(self):
        return self._nginx("origin", STATIC, cpus=None, more="")

    def slow_origin(self, prefix, address):
        return self._nginx("slow-origin", STATIC, cpus=None, more="", address=address, prefix=prefix)

    def nginx(self, aio=False):
        return self._nginx("nginx", STATIC, cpus=self.options.server_cpu, more="aio threads;" if aio else "")

    def slice(self, origin, aio=False):
        more = "aio threads; aio_write on;" if aio else ""
        upstream = f"{origin.address}:{origin.port}"
        return self._nginx("slice", SLICE, cpus=self.options.server_cpu, more=more, origin=upstream)

    def varnish(self, origin):
        work = self._work("varnish")
        port = free_port()
        (work / "bench.vcl").write_text(VCL.format(host=origin.address, port=origin.port))
        command = [self.options.varnishd, "-F", "-j", "none", "-n", work / "state", "-f", work / "bench.vcl"]
        command += ["-a", f"127.0.0.1:{port}", "-s", "malloc,6G", "-p", "thread_pools=1", "-p", "thread_pool_min=50"]
        return Process("varnish", command, port=port, cpus=self.options.server_cpu, log=work / "output.log").start()

    def raw(self, answer_bytes, files):
        port = free_port()
        command = [self.options.tool("raw_sendfile"), port, answer_bytes, *files]
        return Process("raw", command, port=port, cpus=self.options.server_cpu).start()

    def hearth(self, origin, slow=None, *, name="hearth", cache=None):
        """`cache`: a cache directory that is there already; else a new one."""
        work = self._work(name)
        port = free_port()
        origins = [_origin("fast", origin, "*")]
        if slow:
            origins.insert(0, _origin("slow", slow, "slow"))
        # JSON is YAML.
        configuration = {
            "listen": f"127.0.0.1:{port}",
            "loops": 1,
            "congestion_control": "cubic",
            "cache": {"dirs": [{"path": str(cache or work / "cache"), "size": "1TiB"}]},
            "freshness": [{"match": "*", "mode": "ttl", "ttl": "1h"}],
            "local": {"socket": str(work / "local.sock")},
            "origins": origins,
        }
        (work / "hearth.yaml").write_text(json.dumps(configuration, indent=1))
        ready = work / "ready.json"
        command = [self.options.hearth, "serve", "--config", work / "hearth.yaml", "--ready-file", ready]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(work)}
        cpus = self.options.server_cpu
        process = Process(name, command, port=port, cpus=cpus, log=work / "output.log", env=environment)
        process.work = work
        process.cache = pathlib.Path(cache or work / "cache")
        return process.start(ready=lambda: ready.exists() and ready.stat().st_size > 0)


def _origin(name, process, buckets):
    endpoint = f"http://{process.address}:{process.port}"
    return {"name": name, "type": "s3", "endpoint": endpoint, "credentials": "none", "buckets": [buckets]}


def get(process, path):
    with urllib.request.urlopen(f"http://{process.address}:{process.port}{path}", timeout=10) as answer:
        return answer.read().decode()


def origin_bytes(hearth, origin):
    """hearth_origin_response_bytes_total of one origin."""
    series = f'hearth_origin_response_bytes_total{{origin="{origin}"}} '
    values = [line[len(series) :] for line in get(hearth, "/_hearth/metrics").splitlines() if line.startswith(series)]
    return float(values[0]) if values else 0.0


def make_objects(options, first, count, size):
    root = pathlib.Path(options.dir) / "www"
    (root / "bench").mkdir(parents=True, exist_ok=True)
    command = [options.tool("make_objects"), root, "bench/hot-{}", str(first), str(count), str(size)]
    subprocess.run(command, check=True)
    return [root / f"bench/hot-{number}" for number in range(first, first + count)]


__all__ = ["COLD_CONTENT", "Servers", "get", "make_objects", "origin_bytes", "wait_until"]
