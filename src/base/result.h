// Result<T>: a value or the Error that kept it from being made.
#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace hearth {

template <typename T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

// `return Fail(Code::kNotFound, "no such block");`
inline std::unexpected<Error> Fail(Code code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}
inline std::unexpected<Error> Fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace hearth

// Leaves the function with the error of `expr` (a Result or Status), else goes on.
// The _CO form is for coroutines, which must leave by co_return.
#define HEARTH_TRY(expr)                                                             \
  do {                                                                               \
    if (auto hearth_try_result = (expr); !hearth_try_result)                         \
      return std::unexpected<::hearth::Error>(std::move(hearth_try_result).error()); \
  } while (false)
#define HEARTH_CO_TRY(expr)                                                             \
  do {                                                                                  \
    if (auto hearth_try_result = (expr); !hearth_try_result)                            \
      co_return std::unexpected<::hearth::Error>(std::move(hearth_try_result).error()); \
  } while (false)
