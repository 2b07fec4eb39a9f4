#include "model/roles.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

Role role(std::string_view name, DType dtype, const std::vector<std::uint64_t>& sizes) {
  std::vector<Extent> shape;
  for (std::uint64_t size : sizes) shape.emplace_back(size);
  return infer_role(name, dtype, shape);
}

TEST(InferRole, OfAnIntegerIsABuffer) {
  EXPECT_EQ(role("weight", DType::int64, {3}), Role::buffer);
  EXPECT_EQ(role("num_batches_tracked", DType::int64, {}), Role::buffer);
  EXPECT_EQ(role("mask", DType::boolean, {3, 3}), Role::buffer);
}

TEST(InferRole, OfAFloatIsAParameter) {
  EXPECT_EQ(role("weight", DType::float32, {3}), Role::parameter);
  EXPECT_EQ(role("anything", DType::bfloat16, {3, 4}), Role::parameter);
  EXPECT_EQ(role("weight", DType::unknown, {3}), Role::parameter);
  EXPECT_EQ(role("weight", DType::complex64, {3}), Role::parameter);
}

TEST(InferRole, OfAKnownBufferNameIsABuffer) {
  for (std::string_view name : {"running_mean", "running_var", "inv_freq", "pe", "attn_mask", "weight_mask",
                                "window_buffer", "embed_avg", "slope_rate"})
    EXPECT_EQ(role(name, DType::float32, {8}), Role::buffer) << name;
  EXPECT_EQ(role("my_running_mean", DType::float32, {8}), Role::parameter);
}

TEST(InferRole, OfASingularVectorIsABuffer) {
  for (std::string_view name : {"weight_u", "weight_v", "_u", "_v"}) {
    EXPECT_EQ(role(name, DType::float32, {8}), Role::buffer) << name;
    EXPECT_EQ(role(name, DType::float32, {8, 4}), Role::parameter) << name;  // torch.nn.utils.weight_norm
  }
}

TEST(InferRole, OfACausalMaskCalledBiasIsABuffer) {
  EXPECT_EQ(role("bias", DType::float32, {1, 1, 64, 64}), Role::buffer);
  EXPECT_EQ(role("bias", DType::float32, {1, 1, 64, 32}), Role::parameter);
  EXPECT_EQ(role("bias", DType::float32, {2, 1, 64, 64}), Role::parameter);
  EXPECT_EQ(role("bias", DType::float32, {64}), Role::parameter);
  EXPECT_EQ(role("weight", DType::float32, {1, 1, 64, 64}), Role::parameter);
}

}  // namespace
}  // namespace weigh
