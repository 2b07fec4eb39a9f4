// Models of ONNX made field by field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "support/protobuf.h"

namespace weigh::testing {

inline std::string model_of(const std::string& graph) { return proto::number(1, 8) + proto::text(7, graph); }
inline std::string tensor_of(std::string_view name, std::initializer_list<std::int64_t> dims, std::int64_t type,
                             const std::string& data) {
  std::string bytes;
  for (const std::int64_t dim : dims) bytes += proto::number(1, dim);
  return proto::text(5, bytes + proto::number(2, type) + proto::text(8, name) + data);
}
inline std::string node(std::string_view type, const std::vector<std::string>& inputs, std::string_view output,
                        std::string_view name, const std::string& more = "") {
  std::string bytes;
  for (const std::string& input : inputs) bytes += proto::text(1, input);
  return proto::text(1, bytes + proto::text(2, output) + proto::text(3, name) + proto::text(4, type) + more);
}
inline std::string value_info(std::uint64_t field, std::string_view name, std::initializer_list<std::int64_t> shape) {
  std::string dims;
  for (const std::int64_t dim : shape) dims += proto::text(1, proto::number(1, dim));
  return proto::text(field,
                     proto::text(1, name) + proto::text(2, proto::text(1, proto::number(1, 1) + proto::text(2, dims))));
}
inline std::string raw(std::size_t bytes) { return proto::text(9, std::string(bytes, '\0')); }

}  // namespace weigh::testing
