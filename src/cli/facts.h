// Facts: JSON that a node answers with, as text for people.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace hearth::cli {

// Names and values in two columns, nested ones indented, lists of records as tables. Text that is not JSON
// comes back as it is. Control characters are escaped: the values come from afar.
std::string FactsText(std::string_view json);

// `text` with its control characters escaped (\x0a): for names that come from afar.
std::string PrintableText(std::string_view text);

}  // namespace hearth::cli
