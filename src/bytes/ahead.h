// Results 0, 1, 2, … of a costly function, handed out in this order and made by all processors: threads make a few
// before they are wanted, and whoever wants one makes another rather than wait.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bytes/stop.h"

namespace weigh {

template <class Result>
class Ahead {
 public:
  using Make = std::function<Result(std::size_t)>;

  // Threads are stopped with the caller's. `maker()` is called once for each thread, the caller's too: what it returns
  // is called there alone, with an i below `count`, and not twice with the same. `other` is work beside all this, which
  // a thread does first; it may not throw. For each thread `each` results wait at most.
  Ahead(
      std::size_t count, const std::function<Make()>& maker, const std::function<void()>& other = [] {},
      std::size_t each = 8)
      : count_(count), each_(each), make_(maker()) {
    if (count_ > 1) start(maker, other);
    if (threads_.empty()) other();
  }
  ~Ahead() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  // The next result. Throws what making it threw; the ones behind it are made all the same. Requires: fewer than
  // `count` calls so far.
  Result next() {
    std::unique_lock lock(mutex_);
    while (made_.empty() || !made_.front().is_done()) {
      if (can_begin()) {
        make_one(make_, lock);
      } else {
        changed_.wait(lock);
      }
    }
    Made made = std::move(made_.front());
    made_.pop_front();
    ++first_;
    lock.unlock();
    changed_.notify_all();
    if (made.failure) std::rethrow_exception(made.failure);
    return std::move(*made.result);
  }

 private:
  // As many threads as the system gives: without any, the caller makes everything.
  void start(const std::function<Make()>& maker, const std::function<void()>& other) {
    // One processor is the caller's, and it can hardly use what more than a few others make.
    const std::size_t most = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 4) - 1;
    const std::lock_guard lock(mutex_);  // nobody looks at threads_ before it is complete
    threads_.reserve(most);
    try {
      for (std::size_t i = 0; i < most; ++i)
        threads_.emplace_back([this, make = maker(), first = i == 0 ? other : nullptr, stop = StopScope::current()] {
          const StopScope scope(stop);
          if (first) first();
          run(make);
        });
    } catch (const std::system_error&) {
      return;
    }
  }

  struct Made {
    std::optional<Result> result;
    std::exception_ptr failure;
    bool is_done() const { return result || failure; }
  };

  // A few for each thread, so that what waits takes little memory.
  bool can_begin() const { return first_ + made_.size() < count_ && made_.size() < each_ * threads_.size() + 1; }

  void run(const Make& make) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopped_ || first_ + made_.size() == count_ || can_begin(); });
      if (stopped_ || first_ + made_.size() == count_) return;
      make_one(make, lock);
    }
  }

  // Called with the lock held, which is free while the result is being made.
  void make_one(const Make& make, std::unique_lock<std::mutex>& lock) {
    const std::size_t i = first_ + made_.size();
    Made& made = made_.emplace_back();  // stays where it is while others are added behind it and taken before it
    lock.unlock();
    Made done;
    try {
      done.result = make(i);
    } catch (...) {
      done.failure = std::current_exception();
    }
    lock.lock();
    made = std::move(done);
    changed_.notify_all();
  }

  const std::size_t count_;
  const std::size_t each_;
  const Make make_;  // the caller's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Made> made_;  // from result first_ on; the last ones may still be in the making
  std::size_t first_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace weigh
