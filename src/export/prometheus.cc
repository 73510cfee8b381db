#include "export/prometheus.h"

#include <iterator>

#include <fmt/format.h>

#include "telemetry/utf8.h"

namespace hearth {
namespace {

using telemetry::FamilyInfo;
using telemetry::Histogram;

void AppendLabelValue(std::string& page, std::string_view value) {
  while (!value.empty()) {
    const telemetry::Utf8Character next = telemetry::DecodeUtf8(value);
    if (!next.code_point) {
      fmt::format_to(std::back_inserter(page), R"(\\x{:02x})", static_cast<unsigned char>(value.front()));
    } else if (value.front() == '\n') {
      page += "\\n";
    } else {
      if (value.front() == '"' || value.front() == '\\') page += '\\';
      page += value.substr(0, next.bytes);
    }
    value.remove_prefix(next.bytes);
  }
}

// a="1",b="2": without braces, since histograms add one of their own.
std::string LabelList(const FamilyInfo& info, const std::vector<std::string>& values) {
  std::string list;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) list += ',';
    list += info.labels.names[i];
    list += "=\"";
    AppendLabelValue(list, values[i]);
    list += '"';
  }
  return list;
}

struct SampleWriter {
  std::string& page;
  const FamilyInfo& info;
  const std::string& labels;

  void operator()(std::integral auto value) const { Line("", labels, fmt::format("{}", value)); }

  void operator()(const Histogram::Snapshot& snapshot) const {
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < Histogram::kBounds.size(); ++i) {
      cumulative += snapshot.counts[i];
      Bucket(fmt::format("{}", Histogram::kBounds[i]), cumulative);
    }
    cumulative += snapshot.counts.back();
    Bucket("+Inf", cumulative);
    Line("_sum", labels, fmt::format("{}", snapshot.sum_seconds));
    Line("_count", labels, fmt::format("{}", cumulative));
  }

 private:
  void Bucket(std::string_view bound, std::uint64_t count) const {
    Line("_bucket", fmt::format("{}{}le=\"{}\"", labels, labels.empty() ? "" : ",", bound), fmt::format("{}", count));
  }
  void Line(std::string_view suffix, std::string_view list, std::string_view value) const {
    page += info.name;
    page += suffix;
    if (!list.empty()) fmt::format_to(std::back_inserter(page), "{{{}}}", list);
    fmt::format_to(std::back_inserter(page), " {}\n", value);
  }
};

}  // namespace

std::string WritePrometheusText(const telemetry::Registry& registry) {
  std::string page;
  for (const telemetry::FamilySamples& family : registry.Collect()) {
    const FamilyInfo& info = telemetry::InfoOf(family.family);
    fmt::format_to(std::back_inserter(page), "# HELP {} {}\n# TYPE {} {}\n", info.name, info.help, info.name,
                   telemetry::TypeName(info.type));
    for (const telemetry::Sample& sample : family.samples) {
      const std::string labels = LabelList(info, sample.labels);
      std::visit(SampleWriter{page, info, labels}, sample.value);
    }
  }
  return page;
}

}  // namespace hearth
