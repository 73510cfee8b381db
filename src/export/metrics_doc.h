// docs/metrics.md, made from the catalogue (telemetry/catalogue.h). Pure.
//
// metrics_doc_test fails while the page in docs/ is another; run it with HEARTH_WRITE_GOLDEN=1 to write the page.
#pragma once

#include <string>

namespace hearth {

std::string MetricsMarkdown();

}  // namespace hearth
