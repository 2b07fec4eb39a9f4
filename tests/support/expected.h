// What the tools that wrote the fixtures said of them, in expected.json beside them, against what was read. Only what
// is told is compared: a file that tells nothing of a tensor's dtype leaves it out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "support/made_files.h"

#include "weigh/weigh.h"

namespace weigh::testing {

using Json = nlohmann::json;

// Of a folder of tests/data: expected("gguf").
inline Json expected(const std::string& folder) { return Json::parse(file(folder + "/expected.json")); }

// "[8, 16]", as shape_of() tells a tensor's.
inline std::string told_shape(const Json& sizes) {
  std::string text;
  for (const Json& size : sizes) text += (text.empty() ? "" : ", ") + size.dump();
  return "[" + text + "]";
}

// Of every tensor its "dtype" and "shape", by path.
inline Json described(const Model& model) {
  Json all = Json::object();
  for (const Tensor& tensor : model.tensors) {
    Json& one = all[model.path_of(tensor)];
    one["dtype"] = name(tensor.dtype);
    one["shape"] = Json::array();
    if (!tensor.rank_known()) continue;
    for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent)
      one["shape"].push_back(extent->size());
  }
  return all;
}

// `told` has any of "shape", "dtype", "bytes", "elements".
inline void expect_tensor(const Model& model, std::string_view path, const Json& told) {
  SCOPED_TRACE(path);
  const Tensor* tensor = find(model, path);
  ASSERT_NE(tensor, nullptr);
  if (told.contains("shape")) {
    EXPECT_EQ(shape_of(model, path), told_shape(told["shape"]));
  }
  if (told.contains("dtype")) {
    EXPECT_EQ(name(tensor->dtype), told["dtype"].get<std::string>());
  }
  if (told.contains("elements")) {
    EXPECT_EQ(model.numel(*tensor), Count(told["elements"].get<std::uint64_t>()));
  }
  if (told.contains("bytes")) {
    EXPECT_EQ(tensor->stored_bytes, told["bytes"].get<std::uint64_t>());
    EXPECT_EQ(model.bytes(*tensor), Count(told["bytes"].get<std::uint64_t>()));
  }
}

// Shapes by the names that they have below `prefix`.
inline void expect_shapes(const Model& model, const Json& shapes, const std::string& prefix = "") {
  for (const auto& [path, shape] : shapes.items()) EXPECT_EQ(shape_of(model, prefix + path), told_shape(shape)) << path;
}

// Of the totals those that are named; each must be told.
inline void expect_totals(const Totals& totals, const Json& told, std::initializer_list<std::string_view> names) {
  const Json ours = {{"parameters", totals.parameters.known()},
                     {"trainable", totals.trainable.known()},
                     {"buffers", totals.buffers.known()},
                     {"bytes", totals.bytes.known()},
                     {"optimizer_tensors", totals.optimizer_tensors},
                     {"optimizer_bytes", totals.optimizer_bytes}};
  for (const std::string_view name : names) EXPECT_EQ(ours.at(name), told.at(name)) << name;
}

}  // namespace weigh::testing
