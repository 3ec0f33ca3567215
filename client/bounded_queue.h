#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <queue>
#include <utility>

namespace makeover {

// Hands values from one thread to another, at most `values_max` of them waiting. Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t values_max) : values_max_(values_max) {}

  // Waits for room. False: the queue was closed, the value is dropped.
  bool Push(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || values_.size() < values_max_; });
    if (closed_) return false;
    values_.push(std::move(value));
    changed_.notify_all();
    return true;
  }

  // Waits for a value; nothing once the queue is closed and empty.
  std::optional<T> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !values_.empty(); });
    if (values_.empty()) return {};
    T value = std::move(values_.front());
    values_.pop();
    changed_.notify_all();
    return value;
  }

  // Nothing can be pushed any more. Idempotent.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const size_t values_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<T> values_;  // guarded by mutex_
  bool closed_ = false;   // guarded by mutex_
};

}  // namespace makeover
