// Threads for decoding and encoding beside the network.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace makeover {

// Runs functions on a fixed number of threads, first come, first served. Thread-safe. The
// destructor runs what is still waiting.
class Pool {
 public:
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // The future holds what `work` returns or throws.
  template <typename Work>
  std::future<std::invoke_result_t<Work>> Submit(Work work) {
    // Shared, since std::function wants what it holds to be copyable.
    auto task = std::make_shared<std::packaged_task<std::invoke_result_t<Work>()>>(std::move(work));
    std::future<std::invoke_result_t<Work>> result = task->get_future();
    Push([task] { (*task)(); });
    return result;
  }

 private:
  void Push(std::function<void()> work);
  void Serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool closed_ = false;                        // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace makeover
