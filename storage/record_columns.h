#pragma once

#include <string>

// Which column holds which field: the one list from which rows are written and read. Column names
// are those of schema.cc. `Record` is the record or its const form; `visit` is called as
// visit(column, field) in a fixed order; a Failure takes the columns failure_class, _code,
// _message, _advice, and a BlobRef takes prefix_digest, _size.

namespace makeover {

template <typename Visit, typename F>
void VisitFailure(Visit& visit, F& failure) {
  visit("failure_class", failure.failure_class);
  visit("failure_code", failure.code);
  visit("failure_message", failure.message);
  visit("failure_advice", failure.advice);
}

template <typename Visit, typename Blob>
void VisitBlob(Visit& visit, const std::string& prefix, Blob& blob) {
  visit(prefix + "_digest", blob.digest);
  visit(prefix + "_size", blob.size);
}

// Names the table and its key, and visits the fields, of each record.
template <typename Record>
struct Columns;

}  // namespace makeover
