// A throw-away certificate authority for tests: one self-signed certificate for 127.0.0.1, which is its own
// authority, and its key, as PEM files.
#pragma once

#include <string>

namespace hearth::contract {

struct TestCertificate {
  std::string certificate_file;
  std::string key_file;
};

// Writes both into `directory`; valid for an hour.
TestCertificate MakeTestCertificate(const std::string& directory);

}  // namespace hearth::contract
