"""Runs a command in a terminal, and closes the terminal when standard input ends. Prints the exit code of the command."""

import os
import pty
import sys
import threading

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])


def discard():
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # the terminal is closed
        pass


threading.Thread(target=discard, daemon=True).start()
sys.stdin.read()
os.close(terminal)
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status))
