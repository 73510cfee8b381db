#include "export/prometheus.h"

#include <stdlib.h>

#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth {
namespace {

using telemetry::Family;
using telemetry::Registry;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A strict reader of format 0.0.4: whatever it does not know is an error. Labels are sorted by name.
class Page {
 public:
  struct Series {
    std::string name;
    std::map<std::string, std::string> labels;
    auto operator<=>(const Series&) const = default;
  };

  explicit Page(std::string_view text) {
    EXPECT_TRUE(text.empty() || text.ends_with('\n'));
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      ReadLine(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }

  std::map<std::string, std::string> types;
  std::map<Series, double> values;

 private:
  void ReadLine(std::string_view line) {
    SCOPED_TRACE(line);
    if (line.starts_with("# HELP ")) {
      line.remove_prefix(7);
      ASSERT_TRUE(helps_.insert(std::string(TakeName(line))).second) << "a second HELP";
      ASSERT_THAT(line, StartsWith(" "));
      return;
    }
    if (line.starts_with("# TYPE ")) {
      line.remove_prefix(7);
      family_ = TakeName(line);
      ASSERT_TRUE(helps_.contains(family_)) << "TYPE before HELP";
      ASSERT_TRUE(line == " counter" || line == " gauge" || line == " histogram");
      ASSERT_TRUE(types.emplace(family_, line.substr(1)).second) << "a second TYPE";
      return;
    }
    ReadSample(line);
  }

  void ReadSample(std::string_view line) {
    Series series;
    series.name = TakeName(line);
    ASSERT_TRUE(BelongsToFamily(series.name)) << "a sample outside of its family";
    if (line.starts_with('{')) {
      do {
        line.remove_prefix(1);
        const std::string label(TakeName(line));
        ASSERT_THAT(line, StartsWith("=\""));
        line.remove_prefix(2);
        const std::optional<std::string> value = TakeValue(line);
        ASSERT_TRUE(value);
        ASSERT_TRUE(series.labels.emplace(label, *value).second) << "a label twice";
      } while (line.starts_with(','));
      ASSERT_THAT(line, StartsWith("}"));
      line.remove_prefix(1);
    }
    ASSERT_THAT(line, StartsWith(" "));
    const std::string number(line.substr(1));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    ASSERT_TRUE(!number.empty() && *end == '\0' && number.find(' ') == std::string::npos);
    ASSERT_TRUE(values.emplace(series, value).second) << "a series twice";
  }

  bool BelongsToFamily(const std::string& name) const {
    if (types.at(family_) != "histogram") return name == family_;
    return name == family_ + "_bucket" || name == family_ + "_sum" || name == family_ + "_count";
  }

  static std::string_view TakeName(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && (isalpha(text[n]) || text[n] == '_' || (n > 0 && isdigit(text[n])))) ++n;
    EXPECT_GT(n, 0u) << "no name at " << text;
    const std::string_view name = text.substr(0, n);
    text.remove_prefix(n);
    return name;
  }

  // Up to and with the closing quote.
  static std::optional<std::string> TakeValue(std::string_view& text) {
    std::string value;
    while (!text.empty() && text.front() != '"') {
      char c = text.front();
      text.remove_prefix(1);
      if (c == '\\') {
        if (text.empty()) return std::nullopt;
        c = text.front();
        if (c != 'n' && c != '\\' && c != '"') return std::nullopt;
        if (c == 'n') c = '\n';
        text.remove_prefix(1);
      }
      value += c;
    }
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    return value;
  }

  std::set<std::string> helps_;
  std::string family_;
};

TEST(Prometheus, ShowsEveryFamilyBeforeItHasASeries) {
  Registry registry;
  const Page page(WritePrometheusText(registry));
  EXPECT_EQ(page.types.size(), telemetry::kFamilies.size());
  EXPECT_EQ(page.types.at("hearth_client_requests_total"), "counter");
  EXPECT_EQ(page.types.at("hearth_cache_bytes"), "gauge");
  EXPECT_EQ(page.types.at("hearth_client_request_seconds"), "histogram");
  EXPECT_TRUE(page.values.empty());
}

TEST(Prometheus, WritesCountersAndGaugesWithTheirLabels) {
  Registry registry;
  registry.GetCounter(Family::kClientRequests, {"s3", "GetObject", "200", "hit"}).Add(18446744073709551615u);
  registry.GetGauge(Family::kObjects).Set(-5);
  const std::string text = WritePrometheusText(registry);
  EXPECT_THAT(
      text, HasSubstr("\nhearth_client_requests_total{door=\"s3\",operation=\"GetObject\",code=\"200\",cache=\"hit\"} "
                      "18446744073709551615\n"));
  EXPECT_THAT(text, HasSubstr("\nhearth_objects -5\n"));
}

TEST(Prometheus, HistogramsAreCumulative) {
  Registry registry;
  telemetry::Histogram& histogram = registry.GetHistogram(Family::kClientFirstByteSeconds, {"s3", "hit"});
  histogram.Observe(0.0001);
  histogram.Observe(0.004);
  histogram.Observe(100);
  const Page page(WritePrometheusText(registry));
  const auto bucket = [&page](const char* bound) {
    return page.values.at(
        {"hearth_client_first_byte_seconds_bucket", {{"cache", "hit"}, {"door", "s3"}, {"le", bound}}});
  };
  EXPECT_EQ(bucket("5e-05"), 0);
  EXPECT_EQ(bucket("0.0001"), 1);
  EXPECT_EQ(bucket("0.002"), 1);
  EXPECT_EQ(bucket("0.005"), 2);
  EXPECT_EQ(bucket("60"), 2);
  EXPECT_EQ(bucket("+Inf"), 3);
  EXPECT_EQ(page.values.at({"hearth_client_first_byte_seconds_count", {{"cache", "hit"}, {"door", "s3"}}}), 3);
  EXPECT_NEAR(page.values.at({"hearth_client_first_byte_seconds_sum", {{"cache", "hit"}, {"door", "s3"}}}), 100.0041,
              1e-6);
  EXPECT_EQ(page.values.size(), telemetry::Histogram::kBounds.size() + 3);
}

TEST(Prometheus, LabelValuesComeBackAsTheyWere) {
  for (const char* dir : {"", "/plain", "a\"b", "a\\b\\", "two\nlines", "{x=\"y\"} 1", "gr\xc3\xbc\xc3\x9f"}) {
    Registry registry;
    registry.GetGauge(Family::kCacheBytes, {dir}).Set(7);
    const Page page(WritePrometheusText(registry));
    EXPECT_EQ(page.values.at({"hearth_cache_bytes", {{"dir", dir}}}), 7) << dir;
  }
}

TEST(Prometheus, BytesThatAreNotUtf8DoNotSpoilThePage) {
  Registry registry;
  registry.GetGauge(Family::kCacheBytes, {"/x\xff\xc3"}).Set(7);
  const Page page(WritePrometheusText(registry));
  EXPECT_EQ(page.values.at({"hearth_cache_bytes", {{"dir", "/x\\xff\\xc3"}}}), 7);
}

TEST(Prometheus, AScrapeRunsTheCollectors) {
  Registry registry;
  registry.AddCollector([&registry] { registry.GetGauge(Family::kMembers).Set(3); });
  EXPECT_THAT(WritePrometheusText(registry), HasSubstr("\nhearth_members 3\n"));
}

// Prometheus' own checker, where it is installed (Debian: prometheus).
TEST(Prometheus, PromtoolFindsNothingToSay) {
  if (system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not on PATH (Debian: prometheus)";
  Registry registry;
  registry.GetCounter(Family::kClientRequests, {"s3", "GetObject", "200", "hit"}).Add();
  registry.GetHistogram(Family::kClientFirstByteSeconds, {"s3", "hit"}).Observe(1);
  registry.GetGauge(Family::kCacheBytes, {"/x\xff\n\"\\"}).Set(7);
  FILE* tool = popen("promtool check metrics", "w");
  ASSERT_NE(tool, nullptr);
  const std::string text = WritePrometheusText(registry);
  EXPECT_EQ(fwrite(text.data(), 1, text.size(), tool), text.size());
  EXPECT_EQ(pclose(tool), 0);
}

}  // namespace
}  // namespace hearth
