#include "export/metrics_doc.h"

#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "telemetry/catalogue.h"
#include "telemetry/metrics.h"

namespace hearth {
namespace {

using telemetry::FamilyInfo;

constexpr std::string_view kHead = R"(# Metrics

Generated from `src/telemetry/catalogue.h`; do not edit.

`GET /_hearth/metrics` answers in Prometheus' text format. It needs read on `admin:`, which a caller on the same host
has; `telemetry.metrics: open` lets everybody read it. Every family appears, with `# TYPE`, before it has a series.
Each family keeps at most {} series; what comes later is counted in one more, whose labels are all `other`.

| name | type | unit | labels | meaning |
|---|---|---|---|---|
)";

std::string LabelCell(const FamilyInfo& info) {
  std::string cell;
  for (const std::string_view label : info.labels)
    fmt::format_to(std::back_inserter(cell), "{}`{}`", cell.empty() ? "" : ", ", label);
  return cell;
}

}  // namespace

std::string MetricsMarkdown() {
  std::string page = fmt::format(kHead, telemetry::Registry::kSeriesMax);
  for (const FamilyInfo& info : telemetry::kFamilies) {
    fmt::format_to(std::back_inserter(page), "| `{}` | {} | {} | {} | {} |\n", info.name,
                   telemetry::TypeName(info.type), info.unit, LabelCell(info), info.help);
  }
  page += "\n## Labels\n\n| label | values |\n|---|---|\n";
  for (const telemetry::LabelInfo& label : telemetry::kLabels) {
    fmt::format_to(std::back_inserter(page), "| `{}` | {} |\n", label.name, label.values);
  }
  fmt::format_to(std::back_inserter(page),
                 "\n## Buckets\n\nUpper bounds of every histogram's buckets, in seconds: {}.\n",
                 fmt::join(telemetry::Histogram::kBounds, ", "));
  return page;
}

}  // namespace hearth
