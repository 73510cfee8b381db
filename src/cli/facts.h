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

}  // namespace hearth::cli
