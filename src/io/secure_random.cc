#include "io/secure_random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace hearth::io {

void FillSecureRandom(std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t n = ::getrandom(to.data(), to.size(), 0);
    HEARTH_CHECK(n > 0 || errno == EINTR);
    if (n > 0) to = to.subspan(static_cast<std::size_t>(n));
  }
}

std::uint64_t SecureRandom64() {
  std::uint64_t value = 0;
  FillSecureRandom(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace hearth::io
