// Two threads add to a number, with a lock of Abseil's or without: the thread sanitizer shall see
// the difference. Usage: tsan_race locked|unlocked
#include <absl/synchronization/mutex.h>

#include <cstdio>
#include <string_view>
#include <thread>

int main(int count, char** words) {
  const bool locked = count == 2 && std::string_view(words[1]) == "locked";
  absl::Mutex mutex;
  int number = 0;
  const auto add = [&] {
    for (int i = 0; i < 1000; ++i) {
      if (locked) mutex.Lock();
      ++number;
      if (locked) mutex.Unlock();
    }
  };
  std::thread one(add);
  std::thread other(add);
  one.join();
  other.join();
  std::printf("%d\n", number);
}
