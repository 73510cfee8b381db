#include "io/secure_random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace hearth::io {
namespace {

TEST(SecureRandom, FillsTheWholeOfALargeSpan) {
  std::vector<std::byte> bytes(100'000);
  FillSecureRandom(bytes);
  // A run of 16 zero bytes in random data is a one in 10^33 event.
  EXPECT_EQ(std::search_n(bytes.begin(), bytes.end(), 16, std::byte{0}), bytes.end());
}

TEST(SecureRandom, DoesNotRepeatItself) { EXPECT_NE(SecureRandom64(), SecureRandom64()); }

}  // namespace
}  // namespace hearth::io
