#include "telemetry/catalogue.h"

namespace hearth::telemetry {
namespace {

constexpr bool RowsStandInTheOrderOfTheirEnumerators() {
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (static_cast<std::size_t>(kFamilies[i].family) != i) return false;
  }
  return static_cast<std::size_t>(Family::kBuildInfo) + 1 == kFamilies.size();
}
static_assert(RowsStandInTheOrderOfTheirEnumerators());

constexpr bool EveryLabelIsDescribed() {
  for (const FamilyInfo& info : kFamilies) {
    for (const std::string_view label : info.labels) {
      bool found = false;
      for (const LabelInfo& known : kLabels) found = found || known.name == label;
      if (!found) return false;
    }
  }
  return true;
}
static_assert(EveryLabelIsDescribed());

}  // namespace

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kCounter: return "counter";
    case Type::kGauge: return "gauge";
    case Type::kHistogram: return "histogram";
  }
  return "untyped";
}

}  // namespace hearth::telemetry
