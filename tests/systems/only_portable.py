"""A Python that lacks what Windows lacks: put it into a folder as ``sitecustomize.py``.

Modules of POSIX cannot be imported, its functions and signals are gone, and no process can fork.
"""

import multiprocessing
import os
import signal
import subprocess
import sys

import filelock  # noqa: F401 -- before what these use on Linux alone is taken away
import numpy as np  # noqa: F401
import platformdirs  # noqa: F401
import psutil  # noqa: F401

MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline")
"""Modules that Python documents as of Unix only, as far as anything here could use them."""

FUNCTIONS = (
    "fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getgroups", "killpg", "setsid",
    "setpgid", "getpgid", "getpgrp", "uname", "sysconf", "nice", "mkfifo", "mknod", "chown",
    "lchown", "fchown", "sched_getaffinity", "sched_setaffinity", "getloadavg", "wait3", "wait4",
    "confstr", "ctermid", "ttyname", "openpty", "setuid", "setgid", "chroot", "sync", "lockf",
    "posix_fallocate", "posix_fadvise", "getrandom", "WIFSIGNALED", "WTERMSIG", "WIFEXITED",
)  # fmt: skip
"""Functions of ``os`` that are of Unix only."""

SIGNALS = (
    "SIGKILL", "SIGXCPU", "SIGXFSZ", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGUSR1", "SIGUSR2",
    "SIGCHLD", "SIGPIPE", "SIGSTOP", "SIGTSTP", "SIGCONT", "SIGBUS", "SIGTRAP", "SIGSYS",
    "alarm", "setitimer", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "sigwait",
    "siginterrupt", "sigpending",
)  # fmt: skip
"""Names of ``signal`` that are of Unix only."""


def take_away() -> None:
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in ((os, FUNCTIONS), (signal, SIGNALS)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    multiprocessing.get_all_start_methods = lambda: ["spawn"]  # type: ignore[assignment]
    subprocess.Popen.kill = subprocess.Popen.terminate  # type: ignore[method-assign]


if __name__ == "sitecustomize":
    take_away()
