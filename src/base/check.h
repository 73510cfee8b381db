// CHECK: for bugs, never for the world. A failed check prints place and expression and aborts,
// in every build: a cache that goes on after its own logic broke may serve wrong bytes.
#pragma once

namespace hearth {
[[noreturn]] void CheckFailed(const char* expression, const char* file, int line);
}  // namespace hearth

#define HEARTH_CHECK(expr) \
  (__builtin_expect(static_cast<bool>(expr), 1) ? void(0) : ::hearth::CheckFailed(#expr, __FILE__, __LINE__))
