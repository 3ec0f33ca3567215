#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/catalog.h"
#include "storage/database.h"

namespace makeover {

// One writing connection behind a mutex, and reading connections that are lent to one call at a
// time.
struct Catalog::Impl {
  // A reading connection for the time of a call.
  class Lease {
   public:
    Lease(Impl* owner, std::unique_ptr<Database> database)
        : owner_(owner), database_(std::move(database)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&& other) = delete;
    ~Lease() {
      if (database_ != nullptr) owner_->GiveBack(std::move(database_));
    }
    Database* get() const { return database_.get(); }
    Database* operator->() const { return database_.get(); }

   private:
    Impl* owner_;
    std::unique_ptr<Database> database_;
  };

  absl::StatusOr<Lease> Reader() ABSL_LOCKS_EXCLUDED(readers_mutex);
  void GiveBack(std::unique_ptr<Database> database) ABSL_LOCKS_EXCLUDED(readers_mutex);

  std::string path;
  absl::Mutex write_mutex;
  std::unique_ptr<Database> writer ABSL_PT_GUARDED_BY(write_mutex);
  absl::Mutex readers_mutex;
  std::vector<std::unique_ptr<Database>> idle_readers ABSL_GUARDED_BY(readers_mutex);
};

}  // namespace makeover
