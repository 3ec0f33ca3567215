#!/usr/bin/env python3
"""The house rules of the sources: who includes whom, how long files and functions are, which calls are banned.

Prints one line per fault and ends with 1 where there is any. `--self-test` shows that each rule can fail.
"""

import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["storage", "proto", "coordinator", "worker", "client"]
FILE_LINES_MAX = 500
HEADER_LINES_MAX = 200
FUNCTION_LINES_MAX = 60
FUNCTION_MEDIAN_MAX = 10

# Folder -> the folders of the project that it may include; the longest folder that fits counts.
MAY_INCLUDE = {
    "storage": {"storage"},
    "proto": {"proto"},
    "coordinator": {"coordinator", "storage", "proto"},
    "worker": {"worker", "storage", "proto", "worker/engine/json.h"},
    "worker/engine": {"worker/engine"},
    "worker/imaging": {"worker/imaging"},
    "worker/mkengine": {"worker/mkengine", "worker/engine", "worker/imaging", "storage"},
    "client": {"client", "storage", "proto"},
}

# What is pure: records, status macros, absl.
PURE = re.compile(r"^coordinator/(scheduler\w*|job_state|draft|placement|explain)\.(cc|h)$")
PURE_MAY = {"storage/records.h", "storage/blob_ref.h", "storage/job_records.h", "storage/dataset_records.h", "storage/status_macros.h"}

# Library header -> the only places that may include it.
LIBRARIES = [
    (re.compile(r"sqlite3\.h"), re.compile(r"^storage/database\.cc$")),
    (re.compile(r"opencv2/"), re.compile(r"^worker/imaging/")),
    (re.compile(r"(torch|ATen|c10)/"), re.compile(r"^worker/(engine|mkengine)/")),
    (re.compile(r"(grpc\w*|google/protobuf)/|makeover/v1/"), re.compile(r"^(proto|coordinator|worker|client)/[^/]+$")),
    (re.compile(r"absl/"), re.compile(r"^(storage|proto|coordinator|client)/|^worker/[^/]+$")),
    (re.compile(r"CLI/"), re.compile(r"^(client/|coordinator/main\.cc$|worker/main\.cc$)")),
]

BANNED = [
    (r"\b(sleep_for|sleep_until|SleepFor|usleep|nanosleep)\b", "waits without a condition", None),
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|tmpnam|mktemp)\s*\(", "unsafe C call", None),
    (r"(?<![\w.])(rand|srand|drand48)\s*\(|random_device", "randomness is an argument",
     r"(^|/)(main|identity|request_id|random_id)\.cc$"),
    (r"\b(system|popen)\s*\(", "runs a shell", None),
    (r"^\s*#\s*define\s+\w+\(", "macro that acts like a function", r"^storage/status_macros\.h$"),
    (r"^\s*#\s*(if|ifdef|elif)\b", "preprocessor switch", None),
    (r"\bstd::(cout|cerr)\b", "writes past the output layer", r"^(client|worker/mkengine)/|main\.cc$"),
    (r"\b(recursive_)?directory_iterator\b|\bremove_all\b",
     "LibTorch 2.x exports parts of another libstdc++, with which std::filesystem's walks through folders crash",
     r"^(?!worker/(engine|mkengine)/)"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished", None),
]
HEADER_BANNED = [(r"^\s*using namespace\b", "using namespace in a header")]
CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)::now|absl::Now\(|\bclock_gettime\(|\btime\((nullptr|NULL|0)\)")


def clock_readers():
    """Mains and shells, one a line with the reason; everybody else takes the time as an argument."""
    lines = (ROOT / "tests/tidy/clock_readers.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def sources():
    return sorted(p for f in FOLDERS for p in (ROOT / f).rglob("*") if p.suffix in (".cc", ".h", ".cu", ".cuh"))


def without_comments(text):
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def without_strings(text):
    text = re.sub(r'R"(\w*)\(.*?\)\1"', lambda m: '""' + "\n" * m.group().count("\n"), text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def functions(code):
    """(first line, lines) of each function body in text laid out by clang-format: a definition starts at column 0, or at
    column 2 inside a class, and its closing brace stands in the same column."""
    lines = code.split("\n")
    for indent in ("", "  "):
        start = None
        for number, line in enumerate(lines, 1):
            at_column = line.startswith(indent) and len(line) > len(indent) and not line[len(indent)].isspace()
            if not at_column:
                continue
            body = line[len(indent):]
            if re.match(r"(namespace|class|struct|enum|union|extern|public|private|protected|#|template|\}|\))", body):
                if body.startswith("}") and start:
                    yield start, number - start - 1
                start = None
            elif "(" in body and not body.rstrip().endswith(";"):
                start = number


def layer_of(name):
    return max((f for f in MAY_INCLUDE if name.startswith(f + "/")), key=len)


def include_faults(name, text):
    layer = layer_of(name)
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
        if not found:
            continue
        target = found.group(1)
        where = f"{name}:{number}"
        if target.split("/")[0] in FOLDERS:
            allowed = PURE_MAY if PURE.match(name) and not target.startswith("coordinator/") else MAY_INCLUDE[layer]
            folder = layer_of(target)
            if folder not in allowed and target not in allowed:
                yield f"{where}: {layer} may not include {target}"
        for library, only in LIBRARIES:
            if library.match(target) and not only.match(name):
                yield f"{where}: {target} has no place here"


def call_faults(name, code, clocks):
    rules = BANNED + (HEADER_BANNED and [(p, w, None) for p, w in HEADER_BANNED] if name.endswith(".h") else [])
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, why, except_in in rules:
            if re.search(pattern, line) and not (except_in and re.search(except_in, name)):
                yield f"{name}:{number}: {why}: {line.strip()}"
        if CLOCK.search(line) and name not in clocks:
            yield f"{name}:{number}: only mains and shells read a clock: {line.strip()}"


def length_faults(name, text, code, lengths):
    lines = text.count("\n")
    bound = HEADER_LINES_MAX if name.endswith((".h", ".cuh")) else FILE_LINES_MAX
    if lines > bound:
        yield f"{name}: {lines} lines, the bound is {bound}"
    for start, length in functions(code):
        lengths.append(length)
        if length > FUNCTION_LINES_MAX:
            yield f"{name}:{start}: a function of {length} lines, the bound is {FUNCTION_LINES_MAX}"


def faults():
    lengths, clocks = [], clock_readers()
    for path in sources():
        name = str(path.relative_to(ROOT))
        text = path.read_text()
        bare = without_comments(text)
        code = without_strings(bare)
        yield from include_faults(name, bare)
        yield from call_faults(name, code, clocks)
        yield from length_faults(name, text, code, lengths)
    for path in [*ROOT.glob("CMakeLists.txt"), *(p for f in [*FOLDERS, "tests"] for p in (ROOT / f).rglob("CMakeLists.txt"))]:
        if re.search(r"file\s*\(\s*GLOB", path.read_text()):
            yield f"{path.relative_to(ROOT)}: sources are listed, not globbed"
    if lengths and statistics.median(lengths) > FUNCTION_MEDIAN_MAX:
        yield f"the median function has {statistics.median(lengths)} lines, the bound is {FUNCTION_MEDIAN_MAX}"


def self_test():
    """Each rule is shown a line that breaks it."""
    broken = [
        list(include_faults("storage/x.cc", '#include "proto/status.h"')),
        list(include_faults("client/x.cc", '#include "worker/agent.h"')),
        list(include_faults("worker/engine/x.cc", '#include "storage/records.h"')),
        list(include_faults("worker/engine/x.cc", '#include "absl/status/status.h"')),
        list(include_faults("coordinator/scheduler.cc", '#include "storage/catalog.h"')),
        list(include_faults("coordinator/scheduler.cc", "#include <sqlite3.h>")),
        list(include_faults("client/x.cc", "#include <opencv2/core.hpp>")),
        list(call_faults("storage/x.cc", "std::this_thread::sleep_for(1s);", set())),
        list(call_faults("storage/x.cc", "auto t = absl::Now();", set())),
        list(call_faults("storage/x.h", "using namespace std;", set())),
        list(call_faults("storage/x.cc", "#define MAX(a, b) a", set())),
        list(length_faults("storage/x.h", "\n" * 201, "", [])),
        list(length_faults("storage/x.cc", "", "void F() {\n" + "  a();\n" * 61 + "}\n", [])),
        list(length_faults("storage/x.cc", "", "class A {\n  void F() {\n" + "    a();\n" * 61 + "  }\n};\n", [])),
    ]
    return [f"self-test {i} found nothing" for i, found in enumerate(broken) if not found]


def main():
    found = self_test() if "--self-test" in sys.argv else list(faults())
    print("\n".join(found) if found else "The rules hold.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
