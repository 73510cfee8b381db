// docs/s3.md: which S3 operations are answered and how, from the table of operation.h. Pure.
#pragma once

#include <string>

namespace hearth::front {

std::string OperationsMarkdown();

}  // namespace hearth::front
