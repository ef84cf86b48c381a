"""Runs one script under limits. Started as ``python -I -S``, never imported by synthnb.

Standard input is one JSON object: ``{"script", "nonce", "memory", "cpu", "tier"}``. The verdict
goes to descriptor 3 as one JSON line that begins with the nonce; the script's own output
proves nothing. Everything here is standard library, so that the child needs no packages.
"""

import ctypes
import json
import os
import platform
import struct
import sys
from typing import Any

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
PR_SET_PDEATHSIG = 1
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READ_FILE, READ_DIR, EXECUTE = 1 << 2, 1 << 3, 1 << 0
EPERM, ENOSYS = 1, 38
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000

# Number of each forbidden system call on (x86_64, aarch64); -1 where there is none.
FORBIDDEN = {
    **{"socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200)},
    **{"sendto": (44, 206), "sendmsg": (46, 211), "accept": (43, 202), "ptrace": (101, 117)},
    **{"execve": (59, 221), "execveat": (322, 281), "fork": (57, -1), "vfork": (58, -1)},
    **{"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "setsid": (112, 157)},
    **{"setpgid": (109, 154), "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97)},
    **{"setns": (308, 268), "bpf": (321, 280), "keyctl": (250, 219), "add_key": (248, 217)},
    **{"request_key": (249, 218), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426)},
    **{
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "pidfd_open": (434, 434),
    },
    **{"pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "chroot": (161, 51)},
    **{"perf_event_open": (298, 241), "userfaultfd": (323, 282), "memfd_create": (319, 279)},
    **{"open_by_handle_at": (304, 265), "kexec_load": (246, 104), "reboot": (169, 142)},
    **{"init_module": (175, 105), "finit_module": (313, 273), "chmod": (90, -1)},
    **{"fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, -1), "shmget": (29, 194)},
    **{"prlimit64": (302, 261), "msgget": (68, 186), "semget": (64, 190)},
    # What Landlock does not see: owners, times and attributes of files, and being told of them.
    **{"fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "fchmodat2": (452, 452)},
    **{"utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88)},
    **{"setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "acct": (163, 89)},
    **{"removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16)},
    **{"inotify_init": (253, -1), "inotify_init1": (294, 26), "fanotify_init": (300, 262)},
    # Other processes: their priority, their processors, signals in another way.
    **{"setpriority": (141, 140), "sched_setaffinity": (203, 122), "ioprio_set": (251, 30)},
    **{"sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "kcmp": (312, 272)},
    **{"sched_setattr": (314, 274), "migrate_pages": (256, 238), "move_pages": (279, 239)},
    **{"rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "sendmmsg": (307, 269)},
    **{"process_madvise": (440, 440), "mq_open": (240, 180), "pivot_root": (155, 41)},
    **{"open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430)},
}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
CLONE_THREAD = 0x00010000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def limits(memory: int, cpu: int) -> None:
    """Limits that every Unix has: processor time, memory, file size, open files, no core."""
    import resource

    for name, value in (
        ("RLIMIT_CPU", cpu),
        ("RLIMIT_AS", memory),
        ("RLIMIT_DATA", memory),
        ("RLIMIT_FSIZE", 1 << 20),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_STACK", 64 << 20),
    ):
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS takes no address-space limit
            continue


def landlock(libc: Any, readable: "list[str]", writable: str) -> bool:
    """Files: read these folders, write that one, nothing else; no TCP. Whether it holds."""
    version = libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = (1 << 13) - 1
    if version >= 2:
        rights |= 1 << 13
    if version >= 3:
        rights |= 1 << 14
    if version >= 5:
        rights |= 1 << 15
    net = 3 if version >= 4 else 0
    scope = 3 if version >= 6 else 0
    attributes = struct.pack("=QQQ", rights, net, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    allowed = [(path, READ_FILE | READ_DIR | EXECUTE) for path in readable]
    allowed.append((writable, rights & ~(1 << 6 | 1 << 9 | 1 << 10 | 1 << 11)))
    for path, access in allowed:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        own = access if os.path.isdir(path) else access & (READ_FILE | EXECUTE)
        rule = struct.pack("=Qi", own, handle)
        libc.syscall(LANDLOCK_ADD, ruleset, 1, rule, 0)
        os.close(handle)
    held = libc.syscall(LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return bool(held)


def seccomp(libc: Any) -> bool:
    """System calls: no sockets, processes, signals, mounts. Whether it holds."""
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if machine not in AUDIT:
        return False
    place = 0 if machine == "x86_64" else 1
    numbers = sorted({both[place] for both in FORBIDDEN.values() if both[place] >= 0})

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    load, equal, at_least, has, done = 0x20, 0x15, 0x35, 0x45, 0x06
    program = [step(load, 0, 0, 4), step(equal, 1, 0, AUDIT[machine]), step(done, 0, 0, KILL)]
    program.append(step(load, 0, 0, 0))
    if machine == "x86_64":  # the x32 numbers would be a second door
        program += [step(at_least, 0, 1, 0x40000000), step(done, 0, 0, KILL)]
    program += [step(equal, 0, 1, CLONE3), step(done, 0, 0, ERRNO | ENOSYS)]
    for number in numbers:
        program += [step(equal, 0, 1, number), step(done, 0, 0, ERRNO | EPERM)]
    # Threads may be made, processes may not.
    program += [step(equal, 0, 3, CLONE[machine]), step(load, 0, 0, 16)]
    program += [step(has, 1, 0, CLONE_THREAD), step(done, 0, 0, ERRNO | EPERM)]
    program.append(step(done, 0, 0, ALLOW))
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filters = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters, 0, 0) == 0)


def isolate(folder: str) -> int:
    """The tier reached: 2 with both locks on, else 1."""
    if sys.platform != "linux":
        return 1
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return 1
    standard = os.path.dirname(os.__file__)
    readable = [standard, "/dev/null", "/dev/urandom", "/dev/zero", "/usr/share/zoneinfo"]
    readable += [path for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64") if path]
    if not landlock(libc, readable, folder):
        return 1
    return 2 if seccomp(libc) else 1


def report(stream: Any, nonce: str, **verdict: Any) -> None:
    """One line to the parent."""
    stream.write(nonce + json.dumps(verdict) + "\n")
    stream.flush()


def main() -> None:
    """Read the job, lock the doors, run, report."""
    import runpy
    import traceback  # before the doors are locked

    job = json.loads(sys.stdin.readline())
    stream = os.fdopen(3, "w", encoding="utf-8")
    os.set_inheritable(3, False)
    folder = os.getcwd()
    limits(job["memory"], job["cpu"])
    tier = isolate(folder) if job["tier"] >= 2 else 1
    report(stream, job["nonce"], tier=tier)
    if tier < job["least"]:
        return
    nonce = job.pop("nonce")
    sys.argv = ["tests"]
    try:
        runpy.run_path(job["script"], run_name="__main__")
    except SystemExit as ended:
        # unittest.main() ends so; any other exit came before the tests did.
        if ended.code or not job["exits"]:
            report(stream, nonce, passed=False, error=f"SystemExit: {ended.code}")
            return
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1:]
        line = last[0].lineno if last else None
        said = f"{type(error).__name__}: {error}"[:300].rstrip(": ")
        missing = (
            getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        )
        source = (last[0].line or "")[:120] if last else ""
        report(
            stream, nonce, passed=False, error=said, line=line, source=source, missing=missing
        )
        return
    report(stream, nonce, passed=True)


if __name__ == "__main__":
    main()
