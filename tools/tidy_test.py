"""tools/tidy finds what it should, and nothing else."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys

import pytest

TIDY = pathlib.Path(__file__).with_name("tidy")
loader = importlib.machinery.SourceFileLoader("tidy", str(TIDY))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
sys.modules["tidy"] = tidy
loader.exec_module(tidy)


def messages(path, text):
    return [finding.message for finding in tidy.check_includes(path, text)]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Writes sources below src/ and returns what tidy says of them."""
    monkeypatch.setattr(tidy, "UNTESTED", {})

    def check(files):
        for path, text in files.items():
            file = tmp_path / "src" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return [str(finding) for finding in tidy.check_tree(tmp_path)]

    return check


@pytest.mark.parametrize(
    ("path", "included"),
    [
        ("cache/store.cc", "base/result.h"),
        ("cache/store.cc", "cache/lru.h"),
        ("http/server.cc", "io/loop.h"),
        ("objects/put.cc", "read/plan.h"),
        ("front/s3/get.cc", "read/plan.h"),
        ("cli/main.cc", "server/config.h"),
        ("front/admin/metrics.cc", "export/prometheus.h"),
        ("read/plan_test.cc", "support/sim_executor.h"),
    ],
)
def test_a_folder_may_include_itself_and_what_lies_below(path, included):
    assert messages(path, f'#include "{included}"\n') == []


@pytest.mark.parametrize(
    ("path", "included", "direction"),
    [
        ("base/task.h", "io/loop.h", "upwards"),
        ("io/loop.cc", "http/server.h", "upwards"),
        ("cache/store.cc", "origin/origin.h", "sideways"),
        ("gate/gate.cc", "cache/store.h", "sideways"),
        ("read/plan.cc", "objects/put.h", "upwards"),
        ("front/s3/get.cc", "front/admin/status.h", "sideways"),
        ("export/prometheus.cc", "front/admin/metrics.h", "upwards"),
        ("telemetry/log.cc", "placement/rendezvous.h", "sideways"),
        ("read/plan_test.cc", "server/config.h", "upwards"),
    ],
)
def test_upward_and_sideways_includes_are_found(path, included, direction):
    found = messages(path, f'#include "{included}"\n')
    assert len(found) == 1 and direction in found[0] and included in found[0]


def test_the_product_includes_no_test_support():
    assert messages("read/plan.cc", '#include "support/sim_executor.h"\n') != []


def test_an_include_without_its_folder_is_found():
    assert messages("cache/store.cc", '#include "lru.h"\n') != []


def test_a_folder_that_the_drawing_does_not_know_is_found():
    assert messages("util/strings.cc", "") != []
    assert messages("cache/store.cc", '#include "util/strings.h"\n') != []


@pytest.mark.parametrize(
    "header", ["curl/curl.h", "openssl/sha.h", "yaml-cpp/yaml.h", "nlohmann/json.hpp", "pugixml.hpp", "arrow/api.h", "CLI/CLI.hpp"]
)
def test_heavy_headers_stay_out_of_headers(header):
    assert messages("http/client.h", f"#include <{header}>\n") != []
    assert messages("http/client.cc", f"#include <{header}>\n") == []


@pytest.mark.parametrize("header", ["sys/socket.h", "sys/epoll.h", "netinet/in.h", "unistd.h", "fcntl.h", "fstream", "curl/curl.h"])
def test_the_world_is_touched_in_io_and_http_only(header):
    text = f"#include <{header}>\n"
    assert messages("io/loop.cc", text) == []
    assert messages("http/client.cc", text) == []
    assert messages("cache/store.cc", text) != []
    assert messages("cache/store_test.cc", text) == []


def test_an_exception_holds_for_one_file_and_one_library():
    assert messages("origin/sigv4.cc", "#include <openssl/hmac.h>\n") == []
    assert messages("origin/sigv4.cc", "#include <sys/socket.h>\n") != []
    assert messages("origin/s3.cc", "#include <openssl/hmac.h>\n") != []


def test_an_include_in_a_comment_counts_only_if_it_is_one():
    assert messages("base/task.h", '// #include "io/loop.h"\n') == []


def test_a_pair_without_a_test_is_found(tree):
    assert tree({"cache/lru.h": "", "cache/lru.cc": ""}) == ["cache/lru.cc:1: no lru_test.cc beside it"]


def test_a_pair_with_a_test_and_a_lone_source_are_fine(tree):
    assert tree({"cache/lru.h": "", "cache/lru.cc": "", "cache/lru_test.cc": "", "cli/main.cc": ""}) == []


def test_an_exception_that_is_not_needed_is_found(tree, monkeypatch):
    monkeypatch.setattr(tidy, "UNTESTED", {"cache/lru": "because", "cache/gone": "because"})
    found = tree({"cache/lru.h": "", "cache/lru.cc": "", "cache/lru_test.cc": ""})
    assert [line.split(":")[0] for line in found] == ["cache/gone.cc", "cache/lru.cc"]


def body(lines):
    return "  Step();\n" * lines


def test_a_long_function_is_found_at_its_first_line(tree):
    text = f"namespace hearth {{\n\nint Short() {{\n{body(68)}}}\n\nint Long(int a,\n         int b) {{\n{body(68)}}}\n}}\n"
    found = tree({"cache/lru.cc": text})
    assert len(found) == 1 and found[0].startswith("cache/lru.cc:74: a function of 71 lines")


def test_a_long_method_in_a_class_is_found(tree):
    text = f"class A {{\n public:\n  int a_ = 0;\n  void Long() {{\n{body(70)}  }}\n}};\n"
    assert ["function of 72 lines" in line for line in tree({"cache/lru.cc": text})] == [True]


def test_long_tables_types_and_namespaces_are_no_functions(tree):
    rows = "  {1, Make(2)},\n" * 90
    text = f"namespace a {{\nstruct B {{\n{'  int x;' * 1}\n" + "  int Get(int x) const { return x; }\n" * 90
    text += f"}};\nconst Row kTable[] = {{\n{rows}}};\nenum class E {{\n" + "  kOne,\n" * 90 + "};\n}\n"
    assert tree({"cache/table.cc": text}) == []


def test_braces_in_strings_characters_and_comments_do_not_count(tree):
    text = (
        "void A() {\n  Use(\"}{\", '{', R\"x(\n}}}{{{\n)x\", 1'000);  // }\n  /* { */\n}\n"
        f"void B() {{\n{body(68)}}}\n"
    )
    assert tree({"cache/lru.cc": text}) == []


def test_a_long_file_is_found(tree):
    assert tree({"cache/lru.cc": "int a;\n" * 600}) == []
    assert tree({"cache/lru.cc": "int a;\n" * 601}) == ["cache/lru.cc:601: 601 lines, more than 600"]


def test_the_program_says_so_in_its_exit_status(tmp_path):
    for stem in tidy.UNTESTED:
        file = tmp_path / "src" / f"{stem}.cc"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert subprocess.run([sys.executable, TIDY, tmp_path], capture_output=True).returncode == 0
    (tmp_path / "src" / "base" / "a.cc").write_text('#include "io/loop.h"\n')
    run = subprocess.run([sys.executable, TIDY, tmp_path], capture_output=True, text=True)
    assert run.returncode == 1 and "src/base/a.cc:1:" in run.stdout
