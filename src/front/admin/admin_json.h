// The JSON documents of the admin front. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "front/admin/node_view.h"
#include "read/object_reader.h"

namespace hearth::front {

std::string StatusJson(const NodeStatus& status);
std::string MembersJson(const NodeView& node);
std::string ExplainJson(const read::ReadRequest& request, const read::ObjectReader::Explanation& explanation,
                        const NodeView& node);

struct Evicted {
  std::string url;
  std::uint64_t blocks = 0;
  std::string error;  // empty: done
};
std::string EvictedJson(const std::vector<Evicted>& evicted);

// {"urls": ["...", ...]}. kInvalidArgument says what is wrong with it.
Result<std::vector<std::string>> ParseUrls(std::string_view json);

}  // namespace hearth::front
