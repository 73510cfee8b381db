#include "origin/latency_window.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

using std::chrono::milliseconds;

TEST(LatencyWindow, SaysNothingBeforeItHasSeenEnough) {
  LatencyWindow window;
  for (std::size_t i = 1; i < LatencyWindow::kSamplesMin; ++i) window.Add(milliseconds(1));
  EXPECT_FALSE(window.Percentile(0.95));
  window.Add(milliseconds(1));
  EXPECT_EQ(window.Percentile(0.95), milliseconds(1));
}

TEST(LatencyWindow, PercentilesAreThoseOfTheSamples) {
  LatencyWindow window;
  for (int i = 100; i > 0; --i) window.Add(milliseconds(i));
  EXPECT_EQ(window.Percentile(0), milliseconds(1));
  EXPECT_EQ(window.Percentile(0.5), milliseconds(51));
  EXPECT_EQ(window.Percentile(0.95), milliseconds(96));
  EXPECT_EQ(window.Percentile(1), milliseconds(100));
}

TEST(LatencyWindow, ForgetsWhatIsLongAgo) {
  LatencyWindow window;
  for (std::size_t i = 0; i < 500; ++i) window.Add(milliseconds(1000));
  for (std::size_t i = 0; i < LatencyWindow::kSamples; ++i) window.Add(milliseconds(2));
  EXPECT_EQ(window.Percentile(1), milliseconds(2));
}

}  // namespace
}  // namespace hearth::origin
