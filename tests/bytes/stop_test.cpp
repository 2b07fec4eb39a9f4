#include "bytes/stop.h"

#include <cstddef>
#include <stop_token>
#include <string>

#include <gtest/gtest.h>

#include "bytes/ahead.h"
#include "bytes/source.h"

namespace weigh {
namespace {

TEST(Stop, NeverComesWhereNobodyCanAskForIt) {
  EXPECT_EQ(StopScope::current(), nullptr);
  EXPECT_NO_THROW(throw_if_stopped());
}

TEST(Stop, ComesWithTheTokenOfTheInnermostScope) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  const StopScope scope(&token);
  EXPECT_NO_THROW(throw_if_stopped());
  source.request_stop();
  EXPECT_THROW(throw_if_stopped(), Stopped);
  {
    const StopScope inner(nullptr);
    EXPECT_NO_THROW(throw_if_stopped());
  }
  EXPECT_THROW(throw_if_stopped(), Stopped);
}

TEST(Stop, EndsWhateverIsRead) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  const auto bytes = memory_source("a", "bytes");
  const StopScope scope(&token);
  EXPECT_EQ(bytes->read(0, 5), "bytes");
  source.request_stop();
  std::string buffer;
  EXPECT_THROW(bytes->read(0, 5), Stopped);
  EXPECT_THROW(bytes->view(0, 5, buffer), Stopped);
}

TEST(Stop, ReachesTheThreadsThatMakeResultsAhead) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  const StopScope scope(&token);
  const auto maker = [] {
    return [](std::size_t i) {
      throw_if_stopped();
      return i;
    };
  };
  source.request_stop();
  Ahead<std::size_t> ahead(100, maker);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_THROW(ahead.next(), Stopped) << i;
}

}  // namespace
}  // namespace weigh
