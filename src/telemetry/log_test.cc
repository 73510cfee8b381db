#include "telemetry/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A sink whose other end the test reads.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  int writer() const { return ends_[1]; }
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }

  // Fills what the kernel keeps, so that the next write has to wait.
  void Fill() {
    ASSERT_EQ(fcntl(ends_[1], F_SETFL, O_NONBLOCK), 0);
    const std::string bytes(4096, '#');
    while (write(ends_[1], bytes.data(), bytes.size()) > 0) filled_ += bytes.size();
    ASSERT_EQ(fcntl(ends_[1], F_SETFL, 0), 0);
  }

  // What was logged, until the writing end is closed.
  std::string ReadAll() {
    std::string text;
    std::array<char, 4096> buffer;
    while (true) {
      const ssize_t n = read(ends_[0], buffer.data(), buffer.size());
      if (n <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text.substr(filled_);
  }

  // Closes the writing end, and splits what was logged.
  std::vector<std::string> Lines() {
    CloseWriter();
    std::string text = ReadAll();
    std::vector<std::string> lines;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      lines.push_back(text.substr(0, end));
    }
    EXPECT_EQ(text, "") << "a line without an end";
    return lines;
  }

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  std::array<int, 2> ends_ = {-1, -1};
  std::size_t filled_ = 0;
};

LogOptions OptionsOf(const Pipe& pipe) {
  LogOptions options;
  options.fd = pipe.writer();
  return options;
}

TEST(Logger, WritesWhatIsQueuedBeforeItGoes) {
  Pipe pipe;
  {
    Logger logger(OptionsOf(pipe));
    for (int i = 0; i < 100; ++i) logger.Info("line", {{"i", i}});
  }
  const std::vector<std::string> lines = pipe.Lines();
  ASSERT_THAT(lines, SizeIs(100));
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_THAT(lines[i], EndsWith(" INFO line i=" + std::to_string(i)));
}

TEST(Logger, DoesNotWriteBelowItsLevel) {
  Pipe pipe;
  LogOptions options = OptionsOf(pipe);
  options.level = Level::kWarn;
  options.format = LogFormat::kJson;
  {
    Logger logger(options);
    EXPECT_FALSE(logger.Enabled(Level::kInfo));
    logger.Debug("a");
    logger.Info("b");
    logger.Warn("c");
    logger.Error("d");
  }
  const std::vector<std::string> lines = pipe.Lines();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr(R"("level":"warn","message":"c"})"));
  EXPECT_THAT(lines[1], HasSubstr(R"("level":"error","message":"d"})"));
}

TEST(Logger, LinesOfManyThreadsStayWhole) {
  Pipe pipe;
  {
    Logger logger(OptionsOf(pipe));
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t) {
      writers.emplace_back([&logger, t] {
        for (int i = 0; i < 100; ++i) logger.Info("x", {{"text", std::string(50, static_cast<char>('a' + t))}});
      });
    }
    for (std::thread& writer : writers) writer.join();
    logger.Flush();
    EXPECT_EQ(logger.dropped(), 0u);
  }
  const std::vector<std::string> lines = pipe.Lines();
  ASSERT_THAT(lines, SizeIs(400));
  for (const std::string& line : lines) EXPECT_EQ(line.size(), lines[0].size()) << line;
}

TEST(Logger, NeverWaitsForAFullSinkAndSaysHowMuchItDropped) {
  Pipe pipe;
  pipe.Fill();
  LogOptions options = OptionsOf(pipe);
  options.queue_bytes_max = 1000;
  options.leave_max = seconds(60);
  auto logger = std::make_unique<Logger>(options);
  for (int i = 0; i < 1000; ++i) logger->Info("storm", {{"i", i}});
  const std::uint64_t dropped = logger->dropped();
  EXPECT_GT(dropped, 900u);
  // The reader begins to read while the logger leaves, which therefore still writes what it kept.
  std::thread leave([&] {
    logger.reset();
    pipe.CloseWriter();
  });
  const std::string text = pipe.ReadAll();
  leave.join();
  EXPECT_THAT(text, HasSubstr("WARN log records dropped count=" + std::to_string(dropped) + "\n"));
}

TEST(Logger, LeavesInTimeWhenTheSinkTakesNothing) {
  Pipe pipe;
  pipe.Fill();
  LogOptions options = OptionsOf(pipe);
  options.leave_max = milliseconds(1);
  Logger logger(options);
  logger.Info("nobody will read this");
}

TEST(Logger, ASinkThatIsGoneCostsRecordsAndNothingElse) {
  Pipe pipe;
  pipe.CloseReader();
  Logger logger(OptionsOf(pipe));
  logger.Info("into the void");
  logger.Flush();
  EXPECT_EQ(logger.dropped(), 1u);
}

TEST(LogEvery, PassesOneOfAStormAndSaysHowManyItSilenced) {
  LogEvery every(seconds(10));
  const TimePoint start{seconds(5)};
  EXPECT_EQ(every.Pass(start), 0u);
  EXPECT_EQ(every.Pass(start), std::nullopt);
  EXPECT_EQ(every.Pass(start + milliseconds(9999)), std::nullopt);
  EXPECT_EQ(every.Pass(start + seconds(10)), 2u);
  EXPECT_EQ(every.Pass(start + seconds(11)), std::nullopt);
  EXPECT_EQ(every.Pass(start + seconds(100)), 1u);
}

}  // namespace
}  // namespace hearth::telemetry
