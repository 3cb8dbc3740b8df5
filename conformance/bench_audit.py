"""Measures `hefu audit` as a process, with androguard and APKiD beside it in the same run.

Usage: bench_audit.py HEFU APPS VENV

HEFU is a release build, APPS the folder with test apps, VENV a folder in which the other tools
are installed (made when absent). Prints a table of wall time and peak memory, and fails if an
anchor is missed. Wall time is the best of several runs, so that other work on the machine counts
as little as possible; peak memory is the largest of them.
"""

import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
import zlib
from pathlib import Path

RUNS = 5
FOREIGN = ["androguard==4.1.4", "apkid==3.2.0"]
# App, seconds, megabytes: issue anchors for two cores.
ANCHORS = {"InsecureBankv2.apk": (0.5, 150), "multi-dex 18 MB": (2.0, 300)}
# Four times the code may take this many times the processor time, which other work on the machine
# disturbs less than the time on the clock.
LINEAR_MAX = 5.0


def measure(command, runs=RUNS):
    """Best wall time and processor time in seconds, and peak resident memory in megabytes."""
    best, least, peak = float("inf"), float("inf"), 0.0
    for _ in range(runs):
        with open(os.devnull, "wb") as nowhere:
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        # 0 and 1 are answers; 2 is not, nor is a signal.
        if process.returncode not in (0, 1):
            return None
        best, peak = min(best, elapsed), max(peak, usage.ru_maxrss / 1024)
        least = min(least, usage.ru_utime + usage.ru_stime)
    return best, least, peak


def uleb128(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def renamed(dex, number):
    """The dex file with all classes that it defines in packages of their own.

    A runtime loads one class of each name, so the same file twice would be no larger app.
    """
    if number == 0:
        return dex
    data = bytearray(dex)
    strings_at, types_at = (struct.unpack_from("<I", dex, at)[0] for at in (0x3C, 0x44))
    classes, classes_at = struct.unpack_from("<II", dex, 0x60)
    for index in range(classes):
        (type_id,) = struct.unpack_from("<I", dex, classes_at + 32 * index)
        (string_id,) = struct.unpack_from("<I", dex, types_at + 4 * type_id)
        (at,) = struct.unpack_from("<I", dex, strings_at + 4 * string_id)
        _, at = uleb128(dex, at)
        # `Lcom/bank/Login;` becomes `L1om/bank/Login;`.
        data[at + 1] = ord("0") + number
    data[12:32] = hashlib.sha1(data[32:]).digest()
    data[8:12] = struct.pack("<I", zlib.adler32(data[12:]))
    return bytes(data)


def multi_dex(apps, times, path):
    """An APK of the large dex files of several real apps, each as often as asked for."""
    parts = []
    for name in [
        "settings_apk-debug.apk",
        "InsecureBankv2.apk",
        "HelloWord-JNI.apk",
        "UnCrackable-Level3.apk",
    ]:
        with zipfile.ZipFile(apps / name) as archive:
            parts.append(archive.read("classes.dex"))
            if name == "InsecureBankv2.apk":
                manifest = archive.read("AndroidManifest.xml")
                resources = archive.read("resources.arsc")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AndroidManifest.xml", manifest)
        archive.writestr("resources.arsc", resources)
        for number in range(len(parts) * times):
            copy, part = divmod(number, len(parts))
            name = f"classes{number + 1 if number else ''}.dex"
            archive.writestr(name, renamed(parts[part], copy))
    return sum(map(len, parts)) * times / 1e6


def foreign(folder):
    """The Python of an environment with the other tools; None if they cannot be installed."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    wanted = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*wanted, *FOREIGN], check=False).returncode != 0:
        return None
    return python


ANDROGUARD = (
    "import sys\n"
    "from loguru import logger\n"
    "logger.remove()\n"
    "from androguard.misc import AnalyzeAPK\n"
    "AnalyzeAPK(sys.argv[1])\n"
)


def row(name, what, measured):
    if measured is None:
        print(f"{name:<28} {what:<22} failed", flush=True)
    else:
        wall, processor, peak = measured
        print(
            f"{name:<28} {what:<22} {wall:>8.3f} s {processor:>8.3f} s CPU {peak:>6.0f} MB",
            flush=True,
        )


def main():
    hefu, apps, environment = sys.argv[1], Path(sys.argv[2]) / "real", Path(sys.argv[3])
    if not apps.is_dir():
        print(f"SKIPPED  bench audit: there is no {apps}")
        return 0
    audit = [hefu, "audit", "--format", "json", "--date", "2026-01-01"]
    missed = []

    def judge(name, measured):
        row(name, "hefu audit", measured)
        seconds, megabytes = ANCHORS.get(name, (float("inf"), float("inf")))
        if measured is None or measured[0] > seconds or measured[2] > megabytes:
            missed.append(f"{name}: {measured}, allowed {seconds} s and {megabytes} MB")
        return measured

    for path in sorted(apps.iterdir()):
        if path.suffix in (".apk", ".ipa", ".hap"):
            judge(path.name, measure([*audit, str(path)]))
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for factor in (1, 2, 4):
            path = Path(folder) / f"multi{factor}.apk"
            size = multi_dex(apps, factor, path)
            measured = judge(f"multi-dex {size:.0f} MB", measure([*audit, str(path)]))
            times[factor] = measured[1] if measured else float("inf")
        growth = times[4] / times[1]
        print(f"{'four times the code':<28} {'hefu audit':<22} {growth:>8.2f} times the work")
        if growth > LINEAR_MAX:
            missed.append(f"four times the code is {growth:.1f} times the work")
        every = [str(path) for path in apps.glob("*.apk")]
        row(f"{len(every)} APKs at once", "hefu audit", measure([*audit, *every]))
    python = foreign(environment)
    if python is None:
        print("SKIPPED  androguard and APKiD: they cannot be installed here")
    else:
        bank = str(apps / "InsecureBankv2.apk")
        row("InsecureBankv2.apk", "androguard, loading", measure([python, "-c", ANDROGUARD, bank], 1))
        row("InsecureBankv2.apk", "APKiD", measure([environment / "bin" / "apkid", "-j", bank], 2))
    for line in missed:
        print(f"MISSED   {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
