#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "storage/dataset_columns.h"
#include "storage/job_columns.h"
#include "storage/records.h"
#include "storage/status_macros.h"

namespace makeover {

// Lists as text: "3:cpu6:cuda:0". A string may hold anything. Malformed text ends the list where it
// is malformed.
std::string EncodeStrings(const std::vector<std::string>& strings);
std::vector<std::string> DecodeStrings(const std::string& text);

std::string EncodeDevices(const std::vector<Device>& devices);
std::vector<Device> DecodeDevices(const std::string& text);

std::string EncodeValues(const std::map<std::string, double>& values);
std::map<std::string, double> DecodeValues(const std::string& text);

// "INSERT INTO table (a, b) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET b = excluded.b". Not
// INSERT OR REPLACE, which deletes the old row, and with it the rows that refer to it.
std::string UpsertSql(const std::string& table, const std::string& key,
                      const std::vector<std::string>& columns);

// Collects column names.
class ColumnNames {
 public:
  template <typename Field>
  void operator()(const std::string& column, Field&) {
    names_.push_back(column);
  }
  void Opaque(const std::string& column, const std::string&) { names_.push_back(column); }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

// Binds fields to a statement's parameters, from `first` on.
class Binder {
 public:
  explicit Binder(Statement* statement, int first = 1) : statement_(statement), next_(first) {}

  template <typename Field>
  void operator()(const std::string&, const Field& field) {
    Bind(field);
  }
  void Opaque(const std::string&, const std::string& bytes) {
    statement_->BindBlob(next_++, bytes);
  }

 private:
  template <typename Number>
  requires std::is_integral_v<Number> || std::is_enum_v<Number>
  void Bind(Number value) { statement_->BindInt(next_++, static_cast<int64_t>(value)); }
  void Bind(const std::string& text) { statement_->BindText(next_++, text); }
  void Bind(const std::vector<std::string>& list) { Bind(EncodeStrings(list)); }
  void Bind(const std::vector<Device>& devices) { Bind(EncodeDevices(devices)); }
  void Bind(const std::map<std::string, double>& values) { Bind(EncodeValues(values)); }

  Statement* statement_;
  int next_;
};

// Reads fields from the row at hand, from column `first` on.
class Reader {
 public:
  explicit Reader(const Statement* statement, int first = 0)
      : statement_(statement), next_(first) {}

  template <typename Field>
  void operator()(const std::string&, Field& field) {
    Read(field);
  }
  void Opaque(const std::string&, std::string& bytes) { Read(bytes); }

 private:
  template <typename Number>
  requires std::is_integral_v<Number> || std::is_enum_v<Number>
  void Read(Number& value) { value = static_cast<Number>(statement_->Int(next_++)); }
  void Read(std::string& text) { text = statement_->Bytes(next_++); }
  void Read(std::vector<std::string>& list) { list = DecodeStrings(statement_->Bytes(next_++)); }
  void Read(std::vector<Device>& devices) { devices = DecodeDevices(statement_->Bytes(next_++)); }
  void Read(std::map<std::string, double>& values) {
    values = DecodeValues(statement_->Bytes(next_++));
  }

  const Statement* statement_;
  int next_;
};

template <typename Record>
std::vector<std::string> ColumnsOf() {
  ColumnNames names;
  const Record record;
  Columns<Record>::ForEach(names, record);
  return names.names();
}

// "SELECT a, b FROM table " + `clauses`.
std::string SelectSql(const std::string& table, const std::vector<std::string>& columns,
                      const std::string& clauses);

// Writes records over those with the same keys.
template <typename Record>
absl::Status PutAll(Database* database, const std::vector<Record>& records) {
  if (records.empty()) return absl::OkStatus();
  MK_ASSIGN_OR_RETURN(Statement statement,
                      database->Prepare(UpsertSql(Columns<Record>::kTable, Columns<Record>::kKey,
                                                  ColumnsOf<Record>())));
  for (const Record& record : records) {
    Binder binder(&statement);
    Columns<Record>::ForEach(binder, record);
    MK_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

// Reads the records that `clauses` ("WHERE job = ? ORDER BY step") select; `values` are its
// parameters.
template <typename Record, typename... Values>
absl::StatusOr<std::vector<Record>> SelectAll(Database* database, const std::string& clauses,
                                              const Values&... values) {
  MK_ASSIGN_OR_RETURN(
      Statement statement,
      database->Prepare(SelectSql(Columns<Record>::kTable, ColumnsOf<Record>(), clauses)));
  statement.BindAll(values...);
  std::vector<Record> records;
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return records;
    Reader reader(&statement);
    Columns<Record>::ForEach(reader, records.emplace_back());
  }
}

}  // namespace makeover
