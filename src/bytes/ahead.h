// Work done ahead of its use: results 0, 1, 2, … are made in this order by a thread of their own, a few at most before
// they are wanted.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace weigh {

template <class Result>
class Ahead {
 public:
  // `make(i)` is called for i below `count`, by one thread.
  Ahead(std::size_t count, std::function<Result(std::size_t)> make) : count_(count), make_(std::move(make)) {
    if (count_ > 1) thread_ = std::thread([this] { run(); });
  }
  ~Ahead() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  // The next result. Throws what making it threw; the ones behind it are made all the same. Requires: fewer than
  // `count` calls so far.
  Result next() {
    if (!thread_.joinable()) return make_(next_++);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty(); });
    Made made = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    changed_.notify_all();
    if (made.failure) std::rethrow_exception(made.failure);
    return std::move(*made.result);
  }

 private:
  static constexpr std::size_t kMostReady = 2;

  struct Made {
    std::optional<Result> result;
    std::exception_ptr failure;
  };

  void run() {
    for (std::size_t i = 0; i < count_; ++i) {
      Made made;
      try {
        made.result = make_(i);
      } catch (...) {
        made.failure = std::current_exception();
      }
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || ready_.size() < kMostReady; });
      if (stopped_) return;
      ready_.push_back(std::move(made));
      lock.unlock();
      changed_.notify_all();
    }
  }

  const std::size_t count_;
  const std::function<Result(std::size_t)> make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Made> ready_;
  bool stopped_ = false;
  std::size_t next_ = 0;
  std::thread thread_;
};

}  // namespace weigh
