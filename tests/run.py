# SPDX-License-Identifier: Apache-2.0
"""Runs everything that is tested, stage by stage, and ends with one line: N passed, N failed, N skipped.

    python3 tests/run.py             all stages; what `make test` does
    python3 tests/run.py cpp asan    only these

Plain Python: packages are needed only inside .venv, which cmake/setup.sh makes. A stage that cannot run is a failure,
never a silence; a stage whose sources are not in this version does not exist.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
from collections.abc import Callable, Sequence

import snippets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bindings" / "python" / "tests"))
import postgres_server

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
RESULTS = BUILD / "results"
PREFIX = BUILD / "installed"
TIMEOUT_S = 2700
TIMED_OUT = 124  # as timeout(1) says it
_ORDINARY = re.compile(r"(\[( RUN      |       OK |----------|==========)\].*|)$")
_COUNTS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


class Tally:
    """What was counted so far, and the names of what failed."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.failures: list[str] = []

    def add(self, passed: int, failed: int = 0, skipped: int = 0, *, what: str = "") -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.failures.append(f"{what}: {failed} failed" if failed > 1 else what)

    def check(self, what: str, good: bool) -> bool:
        self.add(int(good), int(not good), what=what)
        return good


TALLY = Tally()


def run(command: Sequence[object], **more: object) -> subprocess.CompletedProcess:
    """Runs with a time limit and without input. A program that is not there or hangs counts as a bad exit."""
    words = [str(word) for word in command]
    try:
        return subprocess.run(words, **({"cwd": ROOT, "stdin": subprocess.DEVNULL, "timeout": TIMEOUT_S} | more))
    except OSError as error:
        print(f"  {words[0]}: {error}", flush=True)
        return subprocess.CompletedProcess(words, 127, stdout="", stderr=str(error))
    except subprocess.TimeoutExpired as error:
        print(f"  {words[0]}: stopped after {error.timeout:.0f} s", flush=True)
        return subprocess.CompletedProcess(words, TIMED_OUT, stdout="", stderr=str(error))


def succeeds(*command: object, **more: object) -> bool:
    return run(command, **more).returncode == 0


def files(pattern: str) -> list[pathlib.Path]:
    return sorted(ROOT.glob(pattern))


def counted(command: Sequence[object], what: str, **more: object) -> None:
    """Runs a program that ends with its own counts; one without counts is one test that passes with exit code 0."""
    done = run(command, stdout=subprocess.PIPE, text=True, errors="replace", **more)
    counts = _COUNTS.findall(done.stdout)
    print(done.stdout, end="", flush=True)
    if counts:
        passed, failed, skipped = (int(number or 0) for number in counts[-1])
        # Counts without a failure cannot hide a crash behind them.
        failed = max(failed, int(done.returncode != 0))
        TALLY.add(passed, failed, skipped, what=what)
    else:
        TALLY.check(what, done.returncode == 0)
        print(f"  {'ok' if done.returncode == 0 else f'FAILED, exit code {done.returncode}'}: {what}", flush=True)


def build(preset: str) -> bool:
    """Configures and builds a preset; once a run."""
    if preset not in _BUILT:
        _BUILT[preset] = succeeds(
            "cmake", "--preset", preset, "-DKITH_TESTS=ON", "--log-level=WARNING", stdout=subprocess.DEVNULL
        ) and succeeds("cmake", "--build", "--preset", preset)
        TALLY.check(f"build of {preset}", _BUILT[preset])
    return _BUILT[preset]


_BUILT: dict[str, bool] = {}


def google_tests(preset: str, what: str, **variables: str) -> None:
    """Runs the C++ tests in as many processes as there are processors, each with its share of the tests."""
    shards = os.cpu_count() or 1
    reports = [RESULTS / f"{preset}.{shard}.json" for shard in range(shards)]
    logs = [report.with_suffix(".log") for report in reports]

    def run_shard(shard: int) -> int:
        reports[shard].unlink(missing_ok=True)
        environment = sanitized() | variables | {"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)}
        program = BUILD / preset / "kith_tests"
        with open(logs[shard], "w") as log:
            return run(
                [program, f"--gtest_output=json:{reports[shard]}"], env=environment, stdout=log, stderr=log
            ).returncode

    with concurrent.futures.ThreadPoolExecutor(shards) as threads:
        codes = list(threads.map(run_shard, range(shards)))
    for shard, (code, report, log) in enumerate(zip(codes, reports, logs, strict=True)):
        count_report(code, report, log, f"{what}, part {shard + 1} of {shards}")


def count_report(code: int, report: pathlib.Path, log: pathlib.Path, what: str) -> None:
    told = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if not report.exists():
        print(*told[-40:], sep="\n", flush=True)
        how = f"stopped after {TIMEOUT_S} s" if code == TIMED_OUT else f"ended with exit code {code}"
        started = [line.removeprefix("[ RUN      ] ") for line in told if line.startswith("[ RUN      ]")]
        TALLY.check(f"{what} ({how} in {started[-1] if started else 'its start'})", False)
        return
    print(*(line for line in told if not _ORDINARY.match(line)), sep="\n", flush=True)
    tests = [
        test for suite in json.loads(report.read_text(encoding="utf-8"))["testsuites"] for test in suite["testsuite"]
    ]
    failed = [test for test in tests if test.get("failures")]
    for test in failed:
        print(f"  FAILED: {test['classname']}.{test['name']}", flush=True)
    skipped = sum(test["status"] == "NOTRUN" or test["result"] == "SKIPPED" for test in tests)
    # A leak is found after the last test: no test failed, the program did.
    bad = max(len(failed), int(code != 0))
    TALLY.add(len(tests) - bad - skipped, bad, skipped, what=what)


def sanitized() -> dict[str, str]:
    return os.environ | {
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    }


def c_programs(preset: str) -> None:
    with postgres_server.server() as url:
        named = {"KITH_TEST_POSTGRES": url} if url else {}
        for source in files("tests/capi/*_test.c"):
            program = BUILD / preset / "c_tests" / source.stem
            counted([program], f"{source.relative_to(ROOT)} ({preset})", env=sanitized() | named)


def stage_house() -> None:
    counted([sys.executable, "tests/house/check.py"], "house rules")


def stage_cpp() -> None:
    if build("release"):
        google_tests("release", "C++ tests")


def stage_c() -> None:
    if build("release"):
        c_programs("release")
        counted([sys.executable, "tests/capi/symbols.py", BUILD / "release" / "libkith.so.1"], "exported names")


def stage_asan() -> None:
    if build("asan"):
        # Tests repeat themselves less often then (tests/support/soak.hpp).
        google_tests("asan", "C++ tests under ASan and UBSan", KITH_SANITIZED="1")
        c_programs("asan")


def installed() -> bool:
    """Installs the release build and moves the tree: what is used is what a user has, at a place of his choice."""
    if "installed" not in _BUILT:
        first = BUILD / "installed-first"
        shutil.rmtree(first, ignore_errors=True)
        shutil.rmtree(PREFIX, ignore_errors=True)
        good = build("release") and succeeds(
            "cmake", "--install", BUILD / "release", "--prefix", first, stdout=subprocess.DEVNULL
        )
        if good:
            first.rename(PREFIX)
        _BUILT["installed"] = TALLY.check("installation", good)
    return _BUILT["installed"]


def stage_install() -> None:
    """A project of its own finds the installed library through CMake and through pkg-config."""
    if not installed():
        return
    for source in files("tests/install/*/CMakeLists.txt") + files("examples/*/CMakeLists.txt"):
        name = source.parent.relative_to(ROOT).as_posix()
        place = BUILD / "consumers" / name.replace("/", "-")
        TALLY.check(
            f"{name} against the installed library",
            succeeds(
                "cmake",
                "-S",
                source.parent,
                "-B",
                place,
                "-G",
                "Ninja",
                "-DCMAKE_BUILD_TYPE=Release",
                f"-DCMAKE_PREFIX_PATH={PREFIX}",
                "--fresh",
                stdout=subprocess.DEVNULL,
            )
            and succeeds("cmake", "--build", place)
            and succeeds("ctest", "--test-dir", place, "--output-on-failure", "--no-tests=error"),
        )
    for source in files("examples/*.cpp") + files("examples/*.c") + files("tests/install/*/*.cpp"):
        name = source.relative_to(ROOT).as_posix()
        TALLY.check(f"{name} through pkg-config", snippets.runs(source, PREFIX, BUILD / "consumers" / "pkg-config"))


def python_ready() -> bool:
    """Makes .venv and installs the package of this tree into it; once a run."""
    if "python" not in _BUILT:
        print("  building the Python package and installing it into .venv", flush=True)
        good = succeeds("cmake/setup.sh", "venv", "test", "charts") and succeeds("cmake/setup.sh", "package")
        _BUILT["python"] = TALLY.check("pip install .", good)
    return _BUILT["python"]


def stage_python() -> None:
    if not python_ready():
        return
    report = RESULTS / "python.xml"
    report.unlink(missing_ok=True)
    done = run([ROOT / ".venv/bin/python", "-m", "pytest", "-q", f"--junitxml={report}"])
    if not report.exists():
        TALLY.check(f"Python tests (pytest ended with exit code {done.returncode})", False)
        return
    suites = xml.etree.ElementTree.parse(report).getroot().iter("testsuite")
    counts = [{key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")} for suite in suites]
    total, failures, errors, skipped = (sum(each[key] for each in counts) for key in counts[0])
    failed = max(failures + errors, int(done.returncode != 0))
    TALLY.add(max(total - failures - errors - skipped, 0), failed, skipped, what="Python tests")


def stage_examples() -> None:
    """The programs of examples/ and the code blocks of the documents run as they are printed."""
    programs = files("examples/*.py") + [path for path in files("examples/*/*.py") if path.stem == path.parent.name]
    blocks = snippets.collect(ROOT)
    if (programs or any(block.language == "python" for block in blocks)) and not python_ready():
        return
    if any(block.language != "python" for block in blocks) and not installed():
        return
    for program in programs:
        place = BUILD / "examples" / program.stem
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        counted([ROOT / ".venv/bin/python", program], program.relative_to(ROOT).as_posix(), cwd=place)
    for block in blocks:
        good = block.run(PREFIX, ROOT / ".venv/bin/python", BUILD / "snippets")
        print(f"  {'ok' if good else 'FAILED'}: {block.name}", flush=True)
        TALLY.check(block.name, good)


# name, heading, stage, the sources without which the stage is not part of this version
STAGES: list[tuple[str, str, Callable[[], None], Sequence[str]]] = [
    ("house", "House rules: layers, sizes, headers, words", stage_house, ["tests/house/check.py"]),
    ("cpp", "C++ tests, release build", stage_cpp, ["src/*/*.cpp"]),
    ("c", "C programs against libkith.so.1, release build", stage_c, ["capi/src/*.cpp", "tests/capi/*_test.c"]),
    ("install", "Installed library, used by projects of their own", stage_install, ["tests/install/*"]),
    ("asan", "C++ and C tests under the address and undefined-behaviour sanitizers", stage_asan, ["src/*/*.cpp"]),
    (
        "python",
        "Python package and its tests",
        stage_python,
        ["bindings/python/src/*.cpp", "bindings/python/tests/*.py"],
    ),
    ("examples", "Examples and the code blocks of the documents", stage_examples, ["README.md"]),
]


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - {name for name, *_ in STAGES}
    if unknown:
        print(f"no stage {sorted(unknown)}; there are {[name for name, *_ in STAGES]}")
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name, heading, stage, needs in STAGES:
        if (wanted and name not in wanted) or not any(files(pattern) for pattern in needs):
            continue
        print(f"\n== {heading}", flush=True)
        before, start = (TALLY.passed, TALLY.failed), time.monotonic()
        try:
            stage()
        except Exception as error:
            TALLY.check(f"{heading}: {type(error).__name__}: {error}", False)
        if (TALLY.passed, TALLY.failed) == before:
            TALLY.check(f"{heading}: nothing ran", False)
        good, bad = TALLY.passed - before[0], TALLY.failed - before[1]
        print(f"-- {name}: {good} passed, {bad} failed, {time.monotonic() - start:.0f} s", flush=True)
    if TALLY.failures:
        print("\nFailed:", *TALLY.failures, sep="\n  ")
    print(f"\n{TALLY.passed} passed, {TALLY.failed} failed, {TALLY.skipped} skipped", flush=True)
    return 1 if TALLY.failed or not TALLY.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
