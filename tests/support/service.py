"""A running `hello serve` for tests: started on free ports, ended by its pid."""
import http.client, json, os, re, signal, subprocess, threading

from checks import soon

HELLO = os.path.abspath(os.environ["HELLO"])


class Service:
    """`with Service("--threads", "1", messages="x") as s: s.get("/")`. lines: stdout (the access log) as it comes;
    notices: stderr. stdout: another file object, which then is not read here."""

    def __init__(self, *args, messages=None, env=None, stdout=None, wrapper=()):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HELLO_", "MESSAGES"))}
        environment.update(env or {})
        if messages is not None:
            environment["MESSAGES"] = messages
        self.process = subprocess.Popen(
            [*wrapper, HELLO, "serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--drain-delay", "0",
             *args], env=environment, stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.notices = [], []
        self.readers = [threading.Thread(target=self._read, args=(self.process.stderr, self.notices), daemon=True)]
        if stdout is None:
            self.readers.append(threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True))
        for reader in self.readers:
            reader.start()
        found = None
        if not soon(lambda: any("listening on" in line for line in self.notices) or self.process.poll() is not None, 120):
            raise RuntimeError("no start within 2 minutes")
        for line in self.notices:
            found = found or re.search(r"listening on http://[^ ]*:(\d+), admin on http://[^ \"]*:(\d+)", line)
        if not found:
            self.process.wait()
            raise RuntimeError("".join(self.notices))
        self.port, self.admin = int(found[1]), int(found[2])

    @staticmethod
    def _read(pipe, into):
        for line in pipe:
            into.append(line.decode("utf-8", "surrogateescape"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, number=signal.SIGTERM):
        """Its exit code; all that it wrote has been read then."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for reader in self.readers:
            reader.join(60)
        return code

    def get(self, path="/", headers=None, admin=False, method="GET"):
        """status, headers (lower-case names), body"""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin if admin else self.port, timeout=60)
        connection.request(method, path, headers={"Connection": "close", **(headers or {})})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    def metrics(self, accept="text/plain"):
        return self.get("/metrics", {"Accept": accept}, admin=True)[2].decode()

    def metric(self, name):
        """The sum of all samples of that name (and labels, where `name` has them)."""
        pattern = re.compile(re.escape(name) + (r" (\S+)$" if "}" in name else r"(?:\{.*\})? (\S+)$"))
        return sum(float(m[1]) for m in map(pattern.match, self.metrics().splitlines()) if m)

    def requests(self):
        """The access log as objects; anything that is no JSON object is an error."""
        return [json.loads(line) for line in self.lines]
