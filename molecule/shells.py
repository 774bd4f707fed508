"""testinfra's podman backend on shells that stay: a `podman exec` costs thirty times the processor time of a command in a shell that is there."""

import base64
import collections
import subprocess

from testinfra.backend.podman import PodmanBackend

# Each line of its input is a command. It answers with a line of numbers, the status and the lengths of both outputs, and then these. They go through files,
# new ones each time: a daemon that a command has started may go on writing to its own. Not below /tmp, which a host empties while it boots.
LOOP = """
folder=$(mktemp -d /dev/shm/shell-XXXXXX) && trap 'rm -rf "$folder"' EXIT && trap exit HUP TERM || exit
while read -r line; do
    rm -f "$folder"/*
    /bin/sh -c "$(printf %s "$line" | base64 -d)" </dev/null >"$folder/out" 2>"$folder/err"
    status=$? out=$(wc -c <"$folder/out") err=$(wc -c <"$folder/err")
    echo $status $out $err
    head -c $out "$folder/out"
    head -c $err "$folder/err"
done
"""


class Gone(Exception):
    """The shell has ended before it could answer; the first argument is what it said."""


class Shell:
    """One that ``argv`` starts, and that runs LOOP."""

    def __init__(self, argv):
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    @property
    def is_there(self):
        return self._process.poll() is None

    def run(self, command):
        """(status, standard output, standard error) as bytes. A shell that goes, as in a reboot, has its own status, and what it said as the error."""
        try:
            self._send(command)
            return self._answer()
        except (BrokenPipeError, Gone) as reason:
            said = self._process.communicate()[0]
            return self._process.returncode or 255, b"", (reason.args[0] if isinstance(reason, Gone) else b"") + said

    def _send(self, command):
        self._process.stdin.write(base64.b64encode(command) + b"\n")
        self._process.stdin.flush()

    def _answer(self):
        head = self._process.stdout.readline()
        numbers = head.split()
        if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
            raise Gone(head)
        outputs = [self._process.stdout.read(int(length)) for length in numbers[1:]]
        if [len(output) for output in outputs] != [int(length) for length in numbers[1:]]:
            raise Gone(b"")
        return (int(numbers[0]), *outputs)


class Backend(PodmanBackend):
    """A shell runs one command at a time, so that threads have one each."""

    _idle = collections.defaultdict(list)

    def run(self, command, *args, **kwargs):
        words = self.encode(self.get_command(command, *args))
        shell = self._shell()
        answer = shell.run(words)
        if shell.is_there:
            self._idle[self.name].append(shell)
        return self.result(answer[0], words, *answer[1:])

    def _shell(self):
        while self._idle[self.name]:
            shell = self._idle[self.name].pop()
            if shell.is_there:
                return shell
        return Shell(["podman", "exec", "-i", self.name, "/bin/sh", "-c", LOOP])
