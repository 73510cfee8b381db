// For the tests of this folder: a console whose output can be read, and a node made of a function.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/console.h"
#include "cli/node.h"

namespace hearth::cli {

struct TestConsole {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err};
};

// Answers with status and body, as a node on the local socket would, and remembers what it was asked.
struct FakeNode {
  int status = 200;
  std::string body;
  http::HeaderList headers;
  bool announce_length = true;
  std::size_t cut_at = std::string::npos;  // the transfer breaks after so many bytes
  bool socket_answers = true;
  std::vector<http::CallRequest> requests;  // without the probe of the socket

  Result<http::CallAnswer> Answer(const http::CallRequest& request) {
    if (!request.unix_socket.empty() && !socket_answers) return Fail(Code::kUnavailable, "refused");
    if (request.url.ends_with("/_hearth/live")) return http::CallAnswer{.status = 200};
    requests.push_back(request);
    http::CallAnswer answer{.status = status, .headers = headers};
    if (announce_length) answer.content_length = body.size();
    const std::string sent = request.method == "HEAD" ? "" : body.substr(0, cut_at);
    if (!request.on_body || status / 100 != 2) {
      answer.body = sent;
    } else if (!sent.empty()) {
      HEARTH_TRY(request.on_body(answer, std::as_bytes(std::span(sent))));
    }
    if (cut_at < body.size()) return Fail(Code::kUnavailable, "the transfer was cut");
    return answer;
  }
  Caller caller() {
    return [this](const http::CallRequest& request) { return Answer(request); };
  }
};

// A directory that goes with the test.
class TestDirectory {
 public:
  TestDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth-cli-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  std::string At(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(At(name)) << text; }
  std::string Read(const std::string& name) const {
    std::ifstream file(At(name), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
    return names;
  }

 private:
  std::string path_;
};

}  // namespace hearth::cli
