#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;

class FakeClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  WallTime Wall() const override { return {}; }
  TimePoint now;
};

TEST(Progress, ALineSaysHowFarAndHowFast) {
  EXPECT_EQ(ProgressLine(50 << 20, 100 << 20, std::chrono::seconds(5)),
            "[===============>              ]  50%  50.0 MiB  10.0 MiB/s");
  EXPECT_THAT(ProgressLine(0, 100, Duration::zero()), HasSubstr("[>                             ]   0%  0 B"));
  EXPECT_THAT(ProgressLine(100, 100, std::chrono::seconds(1)),
              HasSubstr("[==============================] 100%  100 B"));
  EXPECT_THAT(ProgressLine(200, 100, std::chrono::seconds(1)), HasSubstr("100%"));
  EXPECT_THAT(ProgressLine(0, 0, Duration::zero()), HasSubstr("100%"));
}

TEST(Progress, IsShownAFewTimesASecondAndClearedAtTheEnd) {
  std::ostringstream out;
  FakeClock clock;
  {
    Progress progress(&out, clock);
    progress.Show(1, 100);
    progress.Show(2, 100);  // too soon
    clock.now += std::chrono::milliseconds(100);
    progress.Show(3, 100);
    progress.Show(100, 100);  // the last one always
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '%'), 3);
  EXPECT_TRUE(text.ends_with("\r\033[K"));
}

TEST(Progress, SaysNothingWithoutATerminal) {
  const FakeClock clock;
  Progress progress(nullptr, clock);
  progress.Show(1, 2);
}

}  // namespace
}  // namespace hearth::cli
