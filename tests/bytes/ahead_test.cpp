#include "bytes/ahead.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace weigh {
namespace {

// The same function for every thread.
template <class Function>
auto all(Function make) {
  return [make] { return make; };
}

TEST(Ahead, HandsResultsOutInTheirOrder) {
  Ahead<std::size_t> squares(1000, all([](std::size_t i) { return i * i; }));
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(squares.next(), i * i);
}

TEST(Ahead, HandsOutWhatCanOnlyBeMoved) {
  Ahead<std::unique_ptr<int>> made(3, all([](std::size_t i) { return std::make_unique<int>(static_cast<int>(i)); }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*made.next(), i);
}

TEST(Ahead, ThrowsAFailureWhereItsResultWouldBe) {
  Ahead<int> made(5, all([](std::size_t i) {
                    if (i == 2) throw std::runtime_error("the third");
                    return static_cast<int>(i);
                  }));
  EXPECT_EQ(made.next(), 0);
  EXPECT_EQ(made.next(), 1);
  try {
    made.next();
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the third");
  }
}

TEST(Ahead, GoesOnBehindAFailure) {
  Ahead<int> made(5, all([](std::size_t i) {
                    if (i % 2 == 1) throw std::runtime_error("odd");
                    return static_cast<int>(i);
                  }));
  for (int i = 0; i < 5; ++i) {
    if (i % 2 == 1) {
      EXPECT_THROW(made.next(), std::runtime_error);
    } else {
      EXPECT_EQ(made.next(), i);
    }
  }
}

TEST(Ahead, MakesNothingOfNothing) {
  std::atomic<int> calls = 0;
  {
    Ahead<int> none(0, all([&](std::size_t) { return ++calls; }));
  }
  EXPECT_EQ(calls, 0);
}

TEST(Ahead, MakesASingleResultWhenItIsWanted) {
  std::thread::id maker;
  Ahead<int> one(1, all([&](std::size_t) {
                   maker = std::this_thread::get_id();
                   return 7;
                 }));
  EXPECT_EQ(maker, std::thread::id());
  EXPECT_EQ(one.next(), 7);
  EXPECT_EQ(maker, std::this_thread::get_id());
}

TEST(Ahead, ThrowsTheFailureOfASingleResult) {
  Ahead<int> one(1, all([](std::size_t) -> int { throw std::runtime_error("bad"); }));
  EXPECT_THROW(one.next(), std::runtime_error);
}

TEST(Ahead, EndsItsThreadWhenItIsDestroyedInTheMiddle) {
  for (std::size_t taken = 0; taken < 5; ++taken) {
    std::atomic<std::size_t> made = 0;
    {
      Ahead<std::size_t> ahead(1'000'000, all([&](std::size_t i) { return ++made, i; }));
      for (std::size_t i = 0; i < taken; ++i) EXPECT_EQ(ahead.next(), i);
    }
    const std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 4) - 1;
    EXPECT_LE(made, taken + 2 * threads + 1);
  }
}

TEST(Ahead, EndsWithAFailureThatNobodyTook) {
  std::atomic<bool> thrown = false;
  {
    Ahead<int> ahead(10, all([&](std::size_t) -> int {
                       thrown = true;
                       throw std::runtime_error("bad");
                     }));
    while (!thrown) std::this_thread::yield();
  }
  EXPECT_TRUE(thrown);
}

TEST(Ahead, GivesEachThreadAMakerOfItsOwn) {
  std::atomic<int> both = 0;
  {
    Ahead<std::size_t> ahead(2000, [&] {
      return [&both, in_use = std::make_shared<std::atomic<bool>>(false)](std::size_t i) {
        both += in_use->exchange(true);
        std::this_thread::yield();
        in_use->store(false);
        return i;
      };
    });
    for (std::size_t i = 0; i < 2000; ++i) ASSERT_EQ(ahead.next(), i);
  }
  EXPECT_EQ(both, 0);
}

TEST(Ahead, LetsTheCallerMakeWhatNobodyElseHasTimeFor) {
  std::atomic<bool> over = false;
  std::thread::id maker;
  auto make = all([&](std::size_t i) { return maker = std::this_thread::get_id(), i; });
  if (std::thread::hardware_concurrency() > 2) GTEST_SKIP() << "other threads have time";
  Ahead<std::size_t> ahead(2, make, [&] {
    while (!over) std::this_thread::yield();
  });
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(ahead.next(), i);
    EXPECT_EQ(maker, std::this_thread::get_id());
  }
  over = true;
}

TEST(Ahead, DoesTheOtherWorkWithOrWithoutResults) {
  for (std::size_t count = 0; count < 4; ++count) {
    std::atomic<int> calls = 0;
    {
      Ahead<std::size_t> ahead(count, all([](std::size_t i) { return i; }), [&] { ++calls; });
    }
    EXPECT_EQ(calls, 1) << count;
  }
}

}  // namespace
}  // namespace weigh
