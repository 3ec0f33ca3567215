#pragma once

#include "storage/dataset_records.h"
#include "storage/record_columns.h"

// The columns of datasets and their rows.

namespace makeover {

template <>
struct Columns<Dataset> {
  static constexpr char kTable[] = "datasets";
  static constexpr char kKey[] = "id";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& dataset) {
    visit("id", dataset.id);
    visit("name", dataset.name);
    visit("owner", dataset.owner);
    visit("state", dataset.state);
    visit("attributes", dataset.attributes);
    visit("create_ms", dataset.create_ms);
    visit("items", dataset.items);
    visit("shards", dataset.shards);
    visit("size", dataset.size);
    visit("quarantined", dataset.quarantined);
    VisitBlob(visit, "content", dataset.index);
    visit("prepare_job", dataset.prepare_job);
    VisitFailure(visit, dataset.failure);
  }
};

template <>
struct Columns<Shard> {
  static constexpr char kTable[] = "shards";
  static constexpr char kKey[] = "dataset, idx";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& shard) {
    visit("dataset", shard.dataset);
    visit("idx", shard.index);
    VisitBlob(visit, "blob", shard.blob);
    visit("items", shard.items);
  }
};

// Its key, (dataset, row), is no part of the record.
template <>
struct Columns<Item> {
  static constexpr char kTable[] = "items";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& item) {
    visit("attributes", item.attributes);
    visit("partition", item.partition);
    visit("identity", item.identity);
    visit("shard", item.shard);
    visit("offset", item.offset);
    visit("size", item.size);
    visit("name", item.name);
  }
};

template <>
struct Columns<Quarantined> {
  static constexpr char kTable[] = "items";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& quarantined) {
    visit("dataset", quarantined.dataset);
    visit("row", quarantined.row);
    visit("quarantine", quarantined.reason);
  }
};

}  // namespace makeover
