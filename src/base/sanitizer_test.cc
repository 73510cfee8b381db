// Proves that the sanitizer presets sanitize: a preset that lost its flags would pass everything.
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

namespace hearth {
namespace {

#if __has_feature(address_sanitizer)

TEST(SanitizerDeathTest, AReadBehindAnAllocationEndsTheProgram) {
  EXPECT_DEATH(
      {
        volatile std::size_t index = 8;
        char* heap = new char[8]();
        volatile char read = heap[index];
        static_cast<void>(read);
        delete[] heap;
      },
      "heap-buffer-overflow");
}

TEST(SanitizerDeathTest, UndefinedArithmeticEndsTheProgram) {
  EXPECT_DEATH(
      {
        volatile int most = INT_MAX;
        volatile int more = most + 1;
        static_cast<void>(more);
      },
      "signed integer overflow");
}

#elif __has_feature(thread_sanitizer)

// ThreadSanitizer goes on after a race and fails the process at its end.
TEST(SanitizerDeathTest, ADataRaceFailsTheProgram) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        int shared = 0;
        std::thread other([&] { ++shared; });
        ++shared;
        other.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "data race");
}

#endif

}  // namespace
}  // namespace hearth
