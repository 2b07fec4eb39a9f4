#include "bytes/ahead.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace weigh {
namespace {

TEST(Ahead, HandsResultsOutInTheirOrder) {
  Ahead<std::size_t> squares(1000, [](std::size_t i) { return i * i; });
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(squares.next(), i * i);
}

TEST(Ahead, HandsOutWhatCanOnlyBeMoved) {
  Ahead<std::unique_ptr<int>> made(3, [](std::size_t i) { return std::make_unique<int>(static_cast<int>(i)); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*made.next(), i);
}

TEST(Ahead, ThrowsAFailureWhereItsResultWouldBe) {
  Ahead<int> made(5, [](std::size_t i) {
    if (i == 2) throw std::runtime_error("the third");
    return static_cast<int>(i);
  });
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
  Ahead<int> made(5, [](std::size_t i) {
    if (i % 2 == 1) throw std::runtime_error("odd");
    return static_cast<int>(i);
  });
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
    Ahead<int> none(0, [&](std::size_t) { return ++calls; });
  }
  EXPECT_EQ(calls, 0);
}

TEST(Ahead, MakesASingleResultWhenItIsWanted) {
  std::thread::id maker;
  Ahead<int> one(1, [&](std::size_t) {
    maker = std::this_thread::get_id();
    return 7;
  });
  EXPECT_EQ(maker, std::thread::id());
  EXPECT_EQ(one.next(), 7);
  EXPECT_EQ(maker, std::this_thread::get_id());
}

TEST(Ahead, ThrowsTheFailureOfASingleResult) {
  Ahead<int> one(1, [](std::size_t) -> int { throw std::runtime_error("bad"); });
  EXPECT_THROW(one.next(), std::runtime_error);
}

TEST(Ahead, EndsItsThreadWhenItIsDestroyedInTheMiddle) {
  for (std::size_t taken = 0; taken < 5; ++taken) {
    std::atomic<std::size_t> made = 0;
    {
      Ahead<std::size_t> ahead(1'000'000, [&](std::size_t i) { return made = i + 1, i; });
      for (std::size_t i = 0; i < taken; ++i) EXPECT_EQ(ahead.next(), i);
    }
    EXPECT_LE(made, taken + 3);  // two that were ready, one in the making
  }
}

TEST(Ahead, EndsWithAFailureThatNobodyTook) {
  std::atomic<bool> thrown = false;
  {
    Ahead<int> ahead(10, [&](std::size_t) -> int {
      thrown = true;
      throw std::runtime_error("bad");
    });
    while (!thrown) std::this_thread::yield();
  }
  EXPECT_TRUE(thrown);
}

}  // namespace
}  // namespace weigh
