"""A site whose name is rebound to a port of this machine: its page comes from the site, and all other requests of the same
origin reach `target` as the browser sent them. That is what a browser does once the site's name resolves to 127.0.0.1."""
import json, os, socket, threading

from checks import soon
from chromium import Chromium

PAGE = b"<!doctype html><title>a page of another site</title>"


def _request(connection):
    """The bytes of one request."""
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(65536)
        if not chunk:
            return got
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            break
        body += chunk
        got += chunk
    return got


class Site:
    """`seen`: the requests that went to the target."""

    def __init__(self, target):
        self.target, self.seen = target, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            request = _request(connection)
            if not request:
                return
            if request.startswith(b"GET /page "):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE))
                return
            self.seen.append(request)
            with socket.create_connection(("127.0.0.1", self.target), 60) as target:
                # One request a connection, so that each is seen here.
                target.sendall(request.replace(b"\r\nConnection: keep-alive\r\n", b"\r\nConnection: close\r\n"))
                while chunk := target.recv(65536):
                    connection.sendall(chunk)

    def close(self):
        self.listener.close()


def attack(port, key, drill="unready"):
    """What pages in Chromium get from the drill listener that answers on `port` of this machine, although they know its key:
    {name of the way: status, or "blocked" by the browser}, and the requests that reached the listener."""
    site = Site(port)
    right = {"Content-Type": "application/json", "Hello-Drill": "1", "Hello-Drill-Key": key}
    body = json.dumps({"drill": drill, "for": "60s"})
    ways = {
        "rebound, POST": ("/drills", {"method": "POST", "headers": right, "body": body}),
        "rebound, GET": ("/drills", {"headers": {"Hello-Drill-Key": key}}),
        "rebound, without a referrer": ("/drills", {"method": "POST", "headers": right, "body": body, "referrerPolicy": "no-referrer"}),
        "across origins": (f"http://127.0.0.1:{port}/drills", {"method": "POST", "headers": right, "body": body}),
        "across origins, simple": (f"http://127.0.0.1:{port}/drills", {"method": "POST", "mode": "no-cors", "body": body}),
        "across origins, to localhost": (f"http://localhost:{port}/drills/stop", {"method": "POST", "mode": "no-cors", "body": "{}"}),
    }
    results = {}
    try:
        with Chromium("--host-resolver-rules=MAP evil.test 127.0.0.1", "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests") as c:
            c.open(f"http://evil.test:{site.port}/page")
            for name, (url, options) in ways.items():
                results[name] = c.run("fetch(%s, %s).then(a => a.type === 'opaque' ? 'unreadable' : a.status, () => 'blocked')" % (json.dumps(url), json.dumps(options)))
            # A form needs no script, and sends no header of its own.
            c.run("""(() => { const f = document.createElement('form'); f.method = 'post'; f.action = '/drills'; f.enctype = 'text/plain';
                const i = document.createElement('input'); i.name = '{"drill":"%s","x":"'; i.value = '"}'; f.append(i); document.body.append(f); f.submit() })()""" % drill)
            soon(lambda: any(b"text/plain" in one for one in site.seen))
    finally:
        site.close()
    return results, site.seen
