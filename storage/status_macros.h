#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the function if `expression`, an absl::Status, is not OK.
#define MK_RETURN_IF_ERROR(expression)                            \
  do {                                                            \
    if (absl::Status mk_status = (expression); !mk_status.ok()) { \
      return mk_status;                                           \
    }                                                             \
  } while (false)

#define MK_CONCAT_INNER(a, b) a##b
#define MK_CONCAT(a, b) MK_CONCAT_INNER(a, b)

// Assigns the value of `expression`, an absl::StatusOr, to `target` (an lvalue or a declaration),
// or returns its status.
#define MK_ASSIGN_OR_RETURN(target, expression) \
  MK_ASSIGN_OR_RETURN_INNER(MK_CONCAT(mk_status_or_, __LINE__), target, expression)

#define MK_ASSIGN_OR_RETURN_INNER(holder, target, expression) \
  auto holder = (expression);                                 \
  if (!holder.ok()) return std::move(holder).status();        \
  target = *std::move(holder)
