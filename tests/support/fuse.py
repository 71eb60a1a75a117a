"""A file system in user space that a test can stop: `with Fuse(folder) as f: f.stop()`. It speaks the kernel's protocol
itself, since it needs little of it: one folder, whose files are in memory. Source: fuse(4), linux/fuse.h"""
import ctypes, errno, os, select, signal, struct, subprocess, sys, time

LIBC = ctypes.CDLL(None, use_errno=True)
HEADER = struct.Struct("<IIQQIIII")
NO_REPLY = (2, 36, 42)  # forget, interrupt, batch_forget
DIRECT_IO = 1


def mount(source, target, kind, flags, options=None):
    if LIBC.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode() if options else None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def unmount(target):
    LIBC.umount2(target.encode(), 2)  # MNT_DETACH


class Files:
    """Answers requests. Nodes: 1 is the folder; the others are files. Nothing is cached by the kernel."""

    def __init__(self):
        self.nodes, self.names = {}, {}

    def attributes(self, node):
        data, changed = (b"", 0) if node == 1 else self.nodes[node]
        mode = 0o40755 if node == 1 else 0o100644
        return struct.pack("<6Q10I", node, len(data), 0, 0, changed // 10**9, changed // 10**9, 0, changed % 10**9,
                           changed % 10**9, mode, 1, 0, 0, 0, 4096, 0)

    def entry(self, node):
        return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + self.attributes(node)

    def put(self, node, data):
        self.nodes[node] = (bytes(data), time.time_ns())

    def answer(self, opcode, node, data):
        name = data.split(b"\0")[0]
        if opcode == 26:  # init
            return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 16, 65536, 1, 16, 0, *[0] * 8)
        if opcode == 1:  # lookup
            return self.entry(self.names[name])
        if opcode == 35:  # create
            name, made = data[16:].split(b"\0")[0], len(self.nodes) + 2
            self.names[name] = made
            self.put(made, b"")
            return self.entry(made) + struct.pack("<QII", 0, DIRECT_IO, 0)
        if opcode in (3, 4):  # getattr, setattr
            valid, size = struct.unpack_from("<I", data)[0], struct.unpack_from("<Q", data, 16)[0] if opcode == 4 else 0
            if opcode == 4 and valid & 8:
                self.put(node, self.nodes[node][0][:size].ljust(size, b"\0"))
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node)
        if opcode in (14, 27):  # open, opendir
            return struct.pack("<QII", 0, DIRECT_IO, 0)
        if opcode == 15:  # read
            at, size = struct.unpack_from("<8xQI", data)
            return self.nodes[node][0][at:at + size]
        if opcode == 16:  # write
            at, size = struct.unpack_from("<8xQI", data)
            old = self.nodes[node][0].ljust(at, b"\0")
            self.put(node, old[:at] + data[40:40 + size] + old[at + size:])
            return struct.pack("<II", size, 0)
        if opcode in (12, 45):  # rename, rename2
            old, new = data[8 if opcode == 12 else 16:].split(b"\0")[:2]
            self.names[new] = self.names.pop(old)
            return b""
        if opcode == 10:  # unlink
            del self.names[name]
            return b""
        if opcode in (18, 28, 29):  # release, readdir, releasedir
            return b""
        # Not flush: with it, the kernel lets no process end that has a file open, until the file system answers.
        raise OSError(errno.ENOSYS, "")


def serve(folder):
    device = os.open("/dev/fuse", os.O_RDWR)
    mount("hello-test", folder, "fuse", 0, f"fd={device},rootmode=40000,user_id=0,group_id=0")
    print("mounted", flush=True)
    files = Files()
    while True:
        if sys.stdin in select.select([device, sys.stdin], [], [])[0]:
            sys.stdin.readline()
            os.kill(os.getpid(), signal.SIGSTOP)
            continue
        request = os.read(device, 1 << 18)
        _, opcode, unique, node = HEADER.unpack_from(request)[:4]
        error, reply = 0, b""
        try:
            reply = files.answer(opcode, node, request[HEADER.size:])
        except KeyError:
            error = -errno.ENOENT
        except OSError as e:
            error = -e.errno
        if opcode not in NO_REPLY:
            try:
                os.write(device, struct.pack("<IiQ", 16 + len(reply), error, unique) + reply)
            except FileNotFoundError:
                pass  # whoever asked was interrupted


class Fuse:
    """Raises OSError where the machine allows no such mount."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, os.path.realpath(__file__), folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"mounted\n":
            self.process.wait()
            raise OSError(f"no FUSE here: exit {self.process.returncode}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()  # ends all that waits for it
        self.process.wait()
        unmount(self.folder)

    def stop(self):
        """From now on it does not answer. It stops between two requests: for one that has been read, the kernel lets
        nobody end."""
        self.process.stdin.write(b"stop\n")
        self.process.stdin.flush()
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    serve(sys.argv[1])
