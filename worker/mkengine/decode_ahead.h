// Pictures read and decoded ahead of whoever takes them, within bounds of number and memory.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "worker/imaging/picture.h"
#include "worker/imaging/picture_header.h"
#include "worker/mkengine/converter.h"
#include "worker/mkengine/pool.h"

namespace makeover {

struct Decoded {
  Converted outcome;
  PictureFormat format = PictureFormat::kUnknown;
  Picture picture;
  std::vector<uint8_t> face;  // empty where it failed
  int64_t bytes = 0;          // of memory, taken until they are given back
};

// A thread reads the files in their order, and a pool decodes them. A picture that is bigger than
// the bound on memory is let in alone. What the constructor's references mean has to outlive the
// object; its methods are for one thread.
class DecodeAhead {
 public:
  DecodeAhead(const ConvertInput& input, const ConvertOptions& options, Pool* pool);
  ~DecodeAhead();  // begins no more, and waits for what the pool does
  DecodeAhead(const DecodeAhead&) = delete;
  DecodeAhead& operator=(const DecodeAhead&) = delete;

  // At most so many wait to be taken.
  void Allow(size_t pictures);

  // The next picture; waits for it. Nothing at the end of the input, and where there is no room for
  // the next one before others are given back.
  std::optional<Decoded> Next();

  // A picture of Next, and what came of it, is gone.
  void GiveBack(int64_t bytes);

 private:
  struct Loaded;  // a file whose picture waits for room

  Loaded Load(int64_t index) const;
  Decoded Decode(Loaded loaded) const;
  void Run();
  bool Fits(int64_t bytes) const;

  const ConvertInput& input_;
  const ConvertOptions& options_;
  Pool* pool_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::future<Decoded>> decoding_;  // these are guarded by mutex_
  size_t allowed_ = 0;
  int64_t taken_ = 0;               // bytes of all that were let in and not given back
  std::optional<int64_t> waiting_;  // bytes that the next picture needs
  bool at_end_ = false;
  bool closed_ = false;
  std::thread reader_;  // last: uses the others
};

}  // namespace makeover
