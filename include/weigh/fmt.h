// fmt::format("{}", shape): the text of weigh/text.h in fmt's formats, with its fill, width and alignment. For programs
// that have fmt; nothing of the library needs this header.
#pragma once

#include <string_view>

#include <fmt/format.h>

#include "weigh/text.h"

namespace weigh::detail {

template <class Value>
struct TextFormatter : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const Value& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(to_string(value), context);
  }
};

}  // namespace weigh::detail

template <>
struct fmt::formatter<weigh::Count> : weigh::detail::TextFormatter<weigh::Count> {};
template <>
struct fmt::formatter<weigh::Extent> : weigh::detail::TextFormatter<weigh::Extent> {};
template <>
struct fmt::formatter<weigh::Shape> : weigh::detail::TextFormatter<weigh::Shape> {};
template <>
struct fmt::formatter<weigh::IOShape> : weigh::detail::TextFormatter<weigh::IOShape> {};
