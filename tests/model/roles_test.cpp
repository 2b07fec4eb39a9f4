#include "model/roles.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "model/builder.h"

namespace weigh {
namespace {

Role role(std::string_view name, DType dtype, const std::vector<std::uint64_t>& sizes) {
  std::vector<Extent> shape;
  for (std::uint64_t size : sizes) shape.emplace_back(size);
  return infer_role(name, dtype, shape).role;
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

class SettleRoles : public ::testing::Test {
 protected:
  void add(std::string_view path, const std::vector<std::uint64_t>& sizes) {
    std::vector<Extent> shape(sizes.begin(), sizes.end());
    Tensor tensor;
    tensor.dtype = DType::float32;
    infer_role(path.substr(path.rfind('.') + 1), tensor.dtype, shape).give_to(tensor);
    builder_.add_by_path(tensor, path, shape);
  }
  Role role_of(std::string_view path) {
    settle_roles(model_);
    return model_.tensors[builder_.find(path)].role;
  }

  Limits limits_;
  Model model_;
  ModelBuilder builder_{model_, limits_};
};

TEST_F(SettleRoles, OfACodebookBesideItsAverage) {
  add("a.embed", {64, 16});
  add("b.embed", {64, 16});
  add("b.embed_avg", {64, 16});
  EXPECT_EQ(role_of("a.embed"), Role::parameter);
  EXPECT_EQ(role_of("b.embed"), Role::buffer);
}

TEST_F(SettleRoles, OfAnAdaptersConstant) {
  add("x.alpha", {});
  add("x.lora_down.weight", {4, 32});
  add("y.alpha", {});
  EXPECT_EQ(role_of("x.alpha"), Role::buffer);
  EXPECT_EQ(role_of("y.alpha"), Role::parameter);
}

TEST_F(SettleRoles, OfALossAreVectorsWithoutABias) {
  add("criterion.weight", {10});
  add("loss_norm.weight", {10});
  add("loss_norm.bias", {10});
  add("arc_loss.weight", {10, 4});
  EXPECT_EQ(role_of("criterion.weight"), Role::buffer);
  EXPECT_EQ(role_of("loss_norm.weight"), Role::parameter);
  EXPECT_EQ(role_of("arc_loss.weight"), Role::parameter);
}

TEST_F(SettleRoles, ByTheClass) {
  add("layers.0.mlp.gate.e_score_correction_bias", {8});
  add("layers.0.block_sparse_moe.e_score_correction_bias", {8});
  EXPECT_EQ(role_of("layers.0.mlp.gate.e_score_correction_bias"), Role::parameter) << "of no class that is known";
  model_.config.types = {"ernie4_5_moe"};
  EXPECT_EQ(role_of("layers.0.mlp.gate.e_score_correction_bias"), Role::parameter) << "one in this class";
  model_.config.types = {"deepseek_v3"};
  EXPECT_EQ(role_of("layers.0.mlp.gate.e_score_correction_bias"), Role::buffer);
  EXPECT_EQ(role_of("layers.0.block_sparse_moe.e_score_correction_bias"), Role::buffer) << "files rename its module";
  EXPECT_EQ(model_.tensors[0].role_evidence, Evidence::by_convention);
}

TEST_F(SettleRoles, ByTheClassWhateverTheLayersNumber) {
  add("language_model.layers.17.layer_scalar", {1});
  model_.config.types = {"gemma4"};
  EXPECT_EQ(role_of("language_model.layers.17.layer_scalar"), Role::buffer);
}

TEST_F(SettleRoles, ByTheClassUnderTheNameThatIsSaved) {
  add("layers.0.mlp.gate.bias", {8});
  add("layers.0.moe.router.expert_bias", {8});
  model_.config.types = {"deepseek_v4", "kolibri1"};
  EXPECT_EQ(role_of("layers.0.mlp.gate.bias"), Role::buffer);
  EXPECT_EQ(role_of("layers.0.moe.router.expert_bias"), Role::buffer);
}

TEST_F(SettleRoles, OfFrozenNormsByTheClass) {
  for (const char* module : {"frozen.", "trained."})
    for (const char* name : {"weight", "bias", "running_mean", "running_var"}) add(std::string(module) + name, {8});
  add("trained.num_batches_tracked", {});
  EXPECT_EQ(role_of("frozen.weight"), Role::parameter) << "before torch 0.4 nothing counted batches";
  model_.config.types = {"rt_detr"};
  EXPECT_EQ(role_of("frozen.weight"), Role::buffer);
  EXPECT_EQ(role_of("frozen.bias"), Role::buffer);
  EXPECT_EQ(role_of("trained.weight"), Role::parameter);
}

TEST_F(SettleRoles, LeavesWhatIsRecorded) {
  add("b.embed", {64, 16});
  add("b.embed_avg", {64, 16});
  model_.tensors[0].role_evidence = Evidence::recorded;
  EXPECT_EQ(role_of("b.embed"), Role::parameter);
}

}  // namespace
}  // namespace weigh
