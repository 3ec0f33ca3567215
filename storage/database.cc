#include "storage/database.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr int kBusyMs = 10000;

absl::Status StatusOf(sqlite3* connection, int code, absl::string_view doing) {
  const int primary = code & 0xff;
  const int system = connection != nullptr ? sqlite3_system_errno(connection) : 0;
  const std::string what = absl::StrCat(
      doing,
      " failed: ", connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code));
  if (primary == SQLITE_FULL ||
      (primary == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT))) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, "; the disk is full: free some space, and it goes on"));
  }
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    return absl::DataLossError(
        absl::StrCat(what, "; the catalog file is damaged: restore it from a backup"));
  }
  if (primary == SQLITE_CONSTRAINT) {
    const bool taken = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
    return taken ? absl::AlreadyExistsError(what) : absl::InternalError(what);
  }
  if (primary == SQLITE_CANTOPEN && system != EACCES) {
    return absl::NotFoundError(absl::StrCat(what, "; check that the folder exists"));
  }
  if (primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY || primary == SQLITE_PERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(what, "; check that the file and its folder may be written"));
  }
  return absl::InternalError(what);
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

// Binding fails only for a parameter that the statement lacks, which its first run shows.
void Statement::BindInt(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_, parameter, value);
}

void Statement::BindDouble(int parameter, double value) {
  sqlite3_bind_double(statement_, parameter, value);
}

void Statement::BindText(int parameter, absl::string_view value) {
  sqlite3_bind_text64(statement_, parameter, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::BindBlob(int parameter, absl::string_view value) {
  sqlite3_bind_blob64(statement_, parameter, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_TRANSIENT);
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StatusOf(sqlite3_db_handle(statement_), code, "using the catalog");
}

absl::Status Statement::Run() {
  const absl::StatusOr<bool> row = Step();
  sqlite3_reset(statement_);
  return row.status();
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Double(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes == nullptr) return "";
  return std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Role role) {
  const int access =
      role == Role::kWriter ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &connection, access | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(connection));
  if (code != SQLITE_OK) return StatusOf(connection, code, absl::StrCat("opening ", path));
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyMs);
  const absl::Status primed = database->Prime(role);
  if (!primed.ok()) return absl::Status(primed.code(), absl::StrCat(path, ": ", primed.message()));
  return database;
}

absl::Status Database::Prime(Role role) {
  MK_RETURN_IF_ERROR(
      Execute("PRAGMA mmap_size=0; PRAGMA cache_size=-2000; PRAGMA foreign_keys=ON"));
  if (role == Role::kReader) return Execute("PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0");
  MK_RETURN_IF_ERROR(Execute("PRAGMA journal_mode=WAL"));
  return Execute("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864");
}

Database::~Database() { sqlite3_close_v2(connection_); }

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return StatusOf(connection_, code, "using the catalog");
}

absl::StatusOr<Statement> Database::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return StatusOf(connection_, code, "using the catalog");
  return Statement(statement);
}

absl::StatusOr<int64_t> Database::QueryInt(const std::string& sql) {
  MK_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  MK_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::InternalError(absl::StrCat("no row from: ", sql));
  return statement.Int(0);
}

int64_t Database::LastInsertId() const { return sqlite3_last_insert_rowid(connection_); }

namespace {

// The copy is made in one step, so that it is of one moment.
absl::Status CopyInto(sqlite3* from, const std::string& path) {
  sqlite3* to = nullptr;
  int code =
      sqlite3_open_v2(path.c_str(), &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  sqlite3_backup* backup =
      code == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : nullptr;
  if (backup != nullptr) {
    sqlite3_backup_step(backup, -1);
    code = sqlite3_backup_finish(backup);
  } else if (code == SQLITE_OK) {
    code = sqlite3_errcode(to);
  }
  const absl::Status status = code == SQLITE_OK
                                  ? absl::OkStatus()
                                  : StatusOf(to, code, absl::StrCat("backing up to ", path));
  sqlite3_close_v2(to);
  return status;
}

}  // namespace

absl::Status Database::BackupTo(const std::string& path) {
  const std::string temporary = path + ".tmp";
  std::remove(temporary.c_str());
  absl::Status status = CopyInto(connection_, temporary);
  if (status.ok()) {
    MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(temporary, O_RDONLY));
    status = SyncFd(file.get(), temporary);
  }
  if (status.ok()) status = RenameDurably(temporary, path);
  if (!status.ok()) std::remove(temporary.c_str());
  return status;
}

absl::StatusOr<Transaction> Transaction::Begin(Database* database, Database::Role role) {
  MK_RETURN_IF_ERROR(
      database->Execute(role == Database::Role::kWriter ? "BEGIN IMMEDIATE" : "BEGIN"));
  return Transaction(database);
}

// SQLite may have rolled back by itself after an error; then there is nothing to do.
Transaction::~Transaction() {
  if (database_ != nullptr) database_->Execute("ROLLBACK").IgnoreError();
}

// When the log could not be written to its end, the change is not in it. When it was written but
// not flushed, it may or may not come back after a restart.
absl::Status Transaction::Commit() {
  const absl::Status status = database_->Execute("COMMIT");
  if (status.ok()) {
    database_ = nullptr;
    return status;
  }
  if (absl::IsResourceExhausted(status)) return status;
  return absl::UnknownError(absl::StrCat(status.message(), "; whether it was stored is not known"));
}

}  // namespace makeover
