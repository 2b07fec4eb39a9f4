// load_weights: what torch and safetensors read from the same files, and what cannot be loaded.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/torch.h>
#include <torch/version.h>

#include "support/files.h"
#include "support/made_files.h"
#include "torch/weights/folder.h"

#include "weigh/error.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"
#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

class Load : public InFolder {};

const torch::Tensor& named(const Weights& weights, const std::string& name) {
  for (const NamedTensor& tensor : weights.tensors)
    if (tensor.name == name) return tensor.value;
  throw std::out_of_range(name);
}

torch::Tensor numbers(torch::Tensor tensor) {
  if (tensor.is_complex()) tensor = torch::view_as_real(tensor);
  return tensor.to(torch::kDouble).contiguous().flatten();
}

void expect_like(const torch::Tensor& tensor, const nlohmann::json& golden) {
  ASSERT_EQ(nn::is_uninitialized(tensor), golden == "uninitialised");
  if (golden.is_string()) return;
  EXPECT_EQ(tensor.sizes().vec(), golden["shape"].get<std::vector<std::int64_t>>());
  const std::string type = golden["dtype"];
  const std::map<std::string, c10::ScalarType> types = {{"float32", torch::kFloat}, {"float64", torch::kDouble},
                                                        {"float16", torch::kHalf},  {"bfloat16", torch::kBFloat16},
                                                        {"int64", torch::kLong},    {"int32", torch::kInt},
                                                        {"bool", torch::kBool},     {"uint8", torch::kByte}};
  EXPECT_EQ(tensor.scalar_type(), types.at(type));
  ASSERT_EQ(tensor.numel() > 0, golden.contains("sum"));
  if (tensor.numel() == 0) return;
  const torch::Tensor flat = numbers(tensor);
  EXPECT_EQ(flat[0].item<double>(), golden["first"].get<double>());
  EXPECT_EQ(flat[-1].item<double>(), golden["last"].get<double>());
  const double sum = golden["sum"];
  EXPECT_NEAR(flat.sum().item<double>(), sum, 1e-9 * std::max(1.0, std::abs(sum)));
}

TEST_F(Load, WhatTheToolsThemselvesRead) {
  const nlohmann::json golden = nlohmann::json::parse(std::ifstream(WEIGH_GOLDEN "/weights.json"));
  EXPECT_GT(golden.size(), 20U);
  for (const auto& [name, tensors] : golden.items()) {
    SCOPED_TRACE(name);
    const Weights weights = load_weights(data_path(name));
    EXPECT_EQ(weights.tensors.size(), tensors.size());
    for (const NamedTensor& tensor : weights.tensors) {
      SCOPED_TRACE(tensor.name);
      ASSERT_TRUE(tensors.contains(tensor.name));
      expect_like(tensor.value, tensors[tensor.name]);
    }
  }
}

TEST_F(Load, CopiesAreTheSame) {
  for (const char* name : {"pytorch/gat_state_after.pt", "pytorch/tensors/views.pt", "safetensors/plain.safetensors"}) {
    const Weights shown = load_weights(data_path(name));
    const Weights copied = load_weights(data_path(name), {.map = false});
    for (std::size_t i = 0; i < shown.tensors.size(); ++i)
      EXPECT_TRUE(torch::equal(shown.tensors[i].value, copied.tensors[i].value)) << shown.tensors[i].name;
  }
}

TEST_F(Load, TensorsLiveOnWithoutTheRest) {
  torch::Tensor kept;
  {
    const Weights weights = load_weights(data_path("pytorch/gat_state_after.pt"));
    kept = named(weights, "conv1.lin_l.weight").slice(0, 1);
  }
  EXPECT_TRUE(torch::isfinite(kept).all().item<bool>());
  EXPECT_NE(kept.abs().sum().item<double>(), 0);
}

TEST_F(Load, WritingIntoThemLeavesTheFile) {
  save_safetensors(path("m"), {{"a", torch::arange(4)}});
  const std::string before = bytes_of("m");
  const Weights weights = load_weights(path("m"));
  named(weights, "a").add_(1);
  EXPECT_TRUE(torch::equal(named(weights, "a"), torch::arange(1, 5)));
  EXPECT_EQ(bytes_of("m"), before);
  EXPECT_TRUE(torch::equal(named(load_weights(path("m")), "a"), torch::arange(4)));
}

TEST_F(Load, MisalignedTensorsAreCopied) {
  const std::string numbers = little<std::uint32_t>(0x3F800000) + little<std::uint32_t>(0x40000000);
  const std::string header = "{" + entry("b", "BOOL", "[1]", "[0,1]") + "," + entry("w", "F32", "[2]", "[1,9]") + "}";
  write("m", safetensors(header) + '\1' + numbers);
  const Weights weights = load_weights(path("m"));
  EXPECT_TRUE(torch::equal(named(weights, "w"), torch::tensor({1.0, 2.0}, torch::kFloat)));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(named(weights, "w").data_ptr()) % 4, 0U);
}

TEST_F(Load, TiedTensorsAreTheSame) {
  const Weights weights = load_weights(data_path("torch113/gpt_tied_state.pt"));
  EXPECT_TRUE(named(weights, "lm_head.weight").is_same(named(weights, "transformer.wte.weight")));
}

TEST_F(Load, ReadersTellPlacesOnlyWhenTheyAreAsked) {
  for (const char* name : {"safetensors/sharded", "pytorch/gat_state_after.pt"}) {
    EXPECT_TRUE(read(data_path(name)).locations.empty());
    const Model model = read(data_path(name), {.limits = {}, .locations = true});
    ASSERT_EQ(model.locations.size(), model.tensors.size());
    EXPECT_EQ(model.files.size(), std::string(name) == "safetensors/sharded" ? 3U : 1U);
    for (const Location& location : model.locations) EXPECT_LT(location.file, model.files.size());
  }
}

TEST_F(Load, MetadataIsWhole) {
  const std::string text(1000, 'x');
  save_safetensors(path("m"), {{"a", torch::arange(4)}}, {{"long", text}, {"format", "pt"}});
  EXPECT_EQ(load_weights(path("m")).metadata, (std::map<std::string, std::string>{{"format", "pt"}, {"long", text}}));
  EXPECT_EQ(load_weights(data_path("pytorch/gat2_after.ckpt")).metadata.at("epoch"), "0");
}

TEST_F(Load, ShardsByTheirIndexAndByTheirFolder) {
  const Weights by_index = load_weights(data_path("safetensors/sharded/model.safetensors.index.json"));
  const Weights by_folder = load_weights(data_path("safetensors/sharded"));
  ASSERT_EQ(by_index.tensors.size(), by_folder.tensors.size());
  for (const NamedTensor& tensor : by_index.tensors)
    EXPECT_TRUE(torch::equal(tensor.value, named(by_folder, tensor.name)));
}

class LoadErrors : public Load {
 protected:
  static std::string message(const std::string& name) {
    const std::string full = data_path(name);
    std::string text = error_of([&] { load_weights(full); });
    return text.starts_with(full) ? text.substr(full.size()) : text;
  }
  std::string message_of_bytes(const std::string& bytes) const {
    write("m", bytes);
    std::string text = error_of([&] { load_weights(path("m")); });
    return text.starts_with(path("m")) ? text.substr(path("m").size()) : text;
  }
};

TEST_F(LoadErrors, Layouts) {
  EXPECT_EQ(message("torch113/sparse.pt"), ": tensor 'coo' is sparse, which cannot be loaded");
  EXPECT_EQ(message("pytorch/tensors/nested.pt"), ": tensor 'strided' is nested, which cannot be loaded");
  EXPECT_EQ(message("torch113/quantised.pt"), ": tensor 'per_tensor' is quantised, which cannot be loaded");
  EXPECT_EQ(message("pytorch/tensors/wrapper.pt"),
            ": tensor 'weight' is of a class of its own, which cannot be loaded");
}

TEST_F(LoadErrors, Dtypes) {
  const std::string end = ", which cannot be loaded with libtorch " TORCH_VERSION;
  EXPECT_EQ(message("safetensors/six_bits.safetensors"), ": tensor 'F6_E2M3' is of the dtype float6_e2m3fn" + end);
  EXPECT_EQ(message("pytorch/tensors/bits8.pt"), ": tensor 'bits8' is of the dtype bits8" + end);
}

TEST_F(LoadErrors, BigEndian) {
  EXPECT_EQ(message("pytorch/archive/big_endian.pt"),
            ": was written big-endian, which is not supported; save it again where it was made");
}

TEST_F(LoadErrors, AShardThatIsNotThere) {
  EXPECT_EQ(
      message("safetensors/missing_shard"),
      ": the shard 'model-00002-of-00003.safetensors' is not there; download it, or name those that are there one "
      "by one");
}

TEST_F(LoadErrors, ATensorInTwoShards) {
  const std::string shard = safetensors("{" + entry("w", "F32", "[1]", "[0,4]") + "}", 4);
  write("model-00001-of-00002.safetensors", shard);
  write("model-00002-of-00002.safetensors", shard);
  EXPECT_EQ(error_of([&] { load_weights(folder_.string()); }),
            folder_.string() + ": tensor 'w' is in two shards; which one counts depends on the reader");
}

TEST_F(LoadErrors, Conjugates) {
  const std::string facts = py::dict({{"conj", py::boolean(true)}});
  const std::string tensor = py::call(py::global("torch._utils", "_rebuild_tensor_v2"),
                                      {py::storage("ComplexFloatStorage", "0", 1), py::integer(0), py::sizes({1}),
                                       py::sizes({1}), py::boolean(false), py::dict({}), facts});
  EXPECT_EQ(message_of_bytes(torch_file(py::dict({{"w", tensor}}), {{"0", std::string(8, '\0')}})),
            ": tensor 'w' does not lie in the file as plain numbers (it is compressed, conjugated or inside the "
            "pickle) and cannot be loaded; save it again with torch.save");
}

TEST_F(LoadErrors, AHostilePickle) {
  EXPECT_EQ(message("hostile/os_system.pt"),
            ": the pickle would use 'posix.system' when Python loads it, which no model needs; do not load this file "
            "(nothing in it was executed)");
}

TEST_F(LoadErrors, EveryTruncationIsAnError) {
  for (const char* name : {"safetensors/plain.safetensors", "pytorch/gat_state_after.pt", "pytorch/legacy/views.pt"}) {
    const std::string bytes = file(name);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 100) {
      write("m", bytes.substr(0, size));
      EXPECT_THROW(load_weights(path("m")), Error) << name << " cut to " << size;
    }
  }
}

TEST_F(LoadErrors, DataThatWasCut) {
  save_safetensors(path("m"), {{"fc.weight", torch::ones({100})}});
  const std::string bytes = bytes_of("m");
  EXPECT_EQ(message_of_bytes(bytes.substr(0, bytes.size() - 1)),
            ": its tensors need 400 bytes, 399 are there; is the download incomplete?");
}

TEST_F(LoadErrors, NoSuchFile) {
  EXPECT_EQ(error_of([&] { load_weights(path("none.pt")); }),
            path("none.pt") + ": cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace weigh::testing
