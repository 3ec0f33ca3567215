#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace makeover {

// SQLite as values that clean up after themselves. The promise: when Transaction::Commit has
// returned OK, the change survives kill -9 and loss of power (WAL, synchronous=FULL: the log is
// flushed with every commit), and a reader sees either all of it or nothing. Exactly one connection
// per file may be a writer; it alone writes and checkpoints (SQLite 3.7.0 to 3.51.2 can corrupt a
// file when two connections checkpoint at once); readers cannot change anything. No mmap.
//
// Errors of all functions: kResourceExhausted: the disk is full. kDataLoss: the file is damaged or
// no database. kAlreadyExists: a key is taken. kPermissionDenied, kNotFound: it cannot be opened.
// Else kInternal.

// A prepared statement. Not thread-safe; outlived by its Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters count from 1. The text is copied.
  void BindInt(int parameter, int64_t value);
  void BindDouble(int parameter, double value);
  void BindText(int parameter, absl::string_view value);
  void BindBlob(int parameter, absl::string_view value);

  template <typename... Values>
  void BindAll(const Values&... values) {
    int parameter = 0;
    (BindAny(++parameter, values), ...);
  }

  // True: a row is at hand. False: there is no further one.
  absl::StatusOr<bool> Step();

  // Runs a statement that gives no rows, and makes it ready to be bound again.
  absl::Status Run();

  // Of the row at hand; columns count from 0.
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string Bytes(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  void BindAny(int parameter, int64_t value) { BindInt(parameter, value); }
  void BindAny(int parameter, const std::string& value) { BindText(parameter, value); }

  sqlite3_stmt* statement_;
};

// A connection. Not thread-safe.
class Database {
 public:
  enum class Role { kWriter, kReader };

  // A writer makes the file if it is not there; a reader needs the writer to be open.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Role role);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements without parameters and rows, separated by semicolons.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<Statement> Prepare(const std::string& sql);
  absl::StatusOr<int64_t> QueryInt(const std::string& sql);  // the first column of the first row

  int64_t LastInsertId() const;

  // Copies the file as it is at one moment to `path`: whole, flushed, renamed into place. Writers
  // may go on meanwhile.
  absl::Status BackupTo(const std::string& path);

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}
  absl::Status Prime(Role role);

  sqlite3* connection_;
};

// Rolls back unless Commit returned OK.
class Transaction {
 public:
  // A writer's begins at once; a reader's sees one moment until it ends.
  static absl::StatusOr<Transaction> Begin(Database* database, Database::Role role);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  // kResourceExhausted: nothing was changed. kUnknown: nobody knows whether the change will be
  // there after a restart.
  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_;
};

}  // namespace makeover
