#include "base/names.h"

namespace hearth {

bool IsStrong(const ETag& etag) {
  return etag.value.size() > 2 && etag.value.front() == '"' && etag.value.back() == '"';
}

std::string ObjectId::Url() const { return origin.value + "://" + bucket.value + "/" + key.value; }

std::string Version::ToString() const {
  switch (kind) {
    case VersionKind::kNone: return "none:";
    case VersionKind::kETag: return "etag:" + value;
    case VersionKind::kGeneration: return "generation:" + value;
    case VersionKind::kStat: return "stat:" + value;
  }
  return "none:";
}

}  // namespace hearth
