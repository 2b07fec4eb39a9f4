// save_safetensors: the bytes of the reference implementation, and what cannot be saved.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <torch/torch.h>

#include "support/files.h"
#include "torch/weights/folder.h"

#include "weigh/error.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"
#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

class Save : public InFolder {};

std::string without(std::string text, const std::string& part) {
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

torch::Tensor tensor_of(c10::ScalarType type, std::vector<std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return torch::arange(count).to(type).reshape(shape);
}

constexpr auto kSavable =
    std::to_array({torch::kBool, torch::kByte, torch::kChar, torch::kShort, torch::kHalf, torch::kBFloat16, torch::kInt,
                   torch::kFloat, torch::kComplexFloat, torch::kDouble, torch::kLong});

TEST_F(Save, EveryTypeThereAndBack) {
  std::vector<NamedTensor> tensors;
  for (const c10::ScalarType type : kSavable) tensors.push_back({c10::toString(type), tensor_of(type, {2, 3})});
  save_safetensors(path("m"), tensors);
  const Weights weights = load_weights(path("m"));
  ASSERT_EQ(weights.tensors.size(), kSavable.size());
  for (const NamedTensor& loaded : weights.tensors) {
    const auto saved = std::ranges::find(tensors, loaded.name, &NamedTensor::name);
    ASSERT_NE(saved, tensors.end()) << loaded.name;
    EXPECT_EQ(loaded.value.scalar_type(), saved->value.scalar_type()) << loaded.name;
    EXPECT_TRUE(torch::equal(loaded.value, saved->value)) << loaded.name;
  }
}

// Those of Python's safetensors, read and written again.
TEST_F(Save, TheBytesAreThoseOfTheReferenceImplementation) {
  for (const char* name : {"plain", "empty", "scalar_and_zero", "gat_after", "escaped_names", "tied"}) {
    const std::string original = std::string("safetensors/") + name + ".safetensors";
    const Weights weights = load_weights(data_path(original));
    save_safetensors(path(name), weights.tensors, weights.metadata);
    EXPECT_EQ(bytes_of(name), file(original)) << name;
  }
}

TEST_F(Save, TheHeaderIsPaddedAndOrderedByTypeAndName) {
  save_safetensors(path("m"),
                   {{"a", torch::ones({1}, torch::kBool)}, {"c", torch::ones({2, 1})}, {"b", torch::ones({})}},
                   {{"format", "pt"}, {"\"quoted\"\n\x01", "é"}});
  const std::string header = R"({"__metadata__":{"\"quoted\"\n\u0001":"é","format":"pt"},)"
                             R"("b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                             R"("c":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},)"
                             R"("a":{"dtype":"BOOL","shape":[1],"data_offsets":[12,13]}})";
  const std::string bytes = bytes_of("m");
  const std::size_t padded = (header.size() + 7) / 8 * 8;
  ASSERT_EQ(bytes.size(), 8 + padded + 13);
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]), padded);
  EXPECT_EQ(bytes.substr(8, padded), header + std::string(padded - header.size(), ' '));
}

TEST_F(Save, TheSameBytesInAnyOrder) {
  const NamedTensor one{"one", torch::rand({3})};
  const NamedTensor two{"two", torch::rand({3})};
  save_safetensors(path("a"), {one, two}, {{"x", "1"}, {"y", "2"}});
  save_safetensors(path("b"), {two, one}, {{"y", "2"}, {"x", "1"}});
  EXPECT_EQ(bytes_of("a"), bytes_of("b"));
}

TEST_F(Save, ViewsAreMadeContiguous) {
  const torch::Tensor whole = torch::arange(12).reshape({3, 4});
  const torch::Tensor complex = torch::view_as_complex(torch::rand({3, 2})).conj();
  const std::vector<NamedTensor> views = {{"column", whole.select(1, 2)},
                                          {"conjugate", complex},
                                          {"expanded", torch::ones({1}).expand({3})},
                                          {"transposed", whole.t()}};
  save_safetensors(path("m"), views);
  for (const NamedTensor& loaded : load_weights(path("m")).tensors)
    EXPECT_TRUE(
        torch::equal(loaded.value, std::ranges::find(views, loaded.name, &NamedTensor::name)->value.resolve_conj()))
        << loaded.name;
}

TEST_F(Save, TiedTensorsAreWrittenOnce) {
  const torch::Tensor weight = torch::rand({4, 3});
  save_safetensors(path("m"),
                   {{"head.weight", weight}, {"embed.weight", weight.detach()}, {"rows", weight.slice(0, 0, 2)}},
                   {{"epoch", "3"}});
  const Weights weights = load_weights(path("m"));
  ASSERT_EQ(weights.tensors.size(), 3U);
  EXPECT_EQ(weights.tensors[0].name, "embed.weight");
  EXPECT_EQ(weights.tensors[2].name, "head.weight");
  EXPECT_TRUE(weights.tensors[2].value.is_same(weights.tensors[0].value));
  EXPECT_TRUE(torch::equal(weights.tensors[2].value, weight));
  EXPECT_EQ(weights.metadata, (std::map<std::string, std::string>{{"epoch", "3"}}));
  EXPECT_NE(bytes_of("m").find(R"("__metadata__":{"epoch":"3","head.weight":"embed.weight"})"), std::string::npos);
}

TEST_F(Save, IsReadByWeigh) {
  torch::nn::Sequential net(torch::nn::Linear(3, 4), torch::nn::BatchNorm1d(4));
  std::vector<NamedTensor> tensors;
  for (const auto& item : net->named_parameters()) tensors.push_back({item.key(), item.value()});
  for (const auto& item : net->named_buffers()) tensors.push_back({item.key(), item.value()});
  save_safetensors(path("m"), tensors);
  const Model model = read(path("m"));
  EXPECT_EQ(model.format, "safetensors");
  EXPECT_EQ(model.tensors.size(), 7U);
  EXPECT_EQ(model.numel(model.tensors[0]).known(), 1U);
}

TEST_F(Save, WhatTheFormatCannotHold) {
  const auto message = [&](const torch::Tensor& value) {
    return error_of([&] { save_safetensors(path("m"), {{"fine", torch::ones({2})}, {"fc.weight", value}}); });
  };
  const std::string place = path("m") + ": tensor 'fc.weight' ";
  EXPECT_EQ(message(nn::UninitializedParameter()),
            place + "is not initialised yet and has no shape or data; run a forward before saving");
  EXPECT_EQ(message(torch::Tensor()), place + "is undefined");
  EXPECT_EQ(message(torch::ones({2}, torch::kMeta)), place + "has no data: it is on the device 'meta'");
  EXPECT_EQ(message(torch::ones({2}).to_sparse()),
            place + "is sparse, which the format cannot hold; save its parts, or to_dense()");
  EXPECT_EQ(message(torch::quantize_per_tensor(torch::ones({2}), 0.1, 0, torch::kQInt8)),
            place + "is quantised, for which the format has no type; save its int_repr()");
  EXPECT_EQ(message(torch::ones({2}, torch::kComplexDouble)),
            place + "is of the type ComplexDouble, which the format does not have");
  EXPECT_EQ(files(), std::set<std::string>());
}

TEST_F(Save, NamesThatTheFormatCannotHold) {
  const auto message = [&](std::vector<NamedTensor> tensors, std::map<std::string, std::string> metadata = {}) {
    return without(error_of([&] { save_safetensors(path("m"), tensors, metadata); }), path("m") + ": ");
  };
  const torch::Tensor one = torch::ones({2});
  EXPECT_EQ(message({{"a", one}, {"a", torch::ones({2})}}), "tensor 'a' is given twice");
  EXPECT_EQ(message({{"__metadata__", one}}),
            "tensor '__metadata__' has the name that the format keeps for its metadata");
  EXPECT_EQ(message({{"\xff", one}}), "the tensor name '\xff' is no UTF-8, which the format asks for");
  EXPECT_EQ(message({{"a", one}}, {{"k", "\xff"}}),
            "what the metadata say of 'k' is no UTF-8, which the format asks for");
  EXPECT_EQ(message({{"a", one}, {"b", one}}, {{"b", "mine"}}),
            "tensor 'b' is the same as 'a', which the metadata must say under its name; but they say 'mine' there");
  EXPECT_EQ(files(), std::set<std::string>());
}

TEST_F(Save, ReplacesAFileAndKeepsItsPermissions) {
  write("m", "old");
  ::chmod(path("m").c_str(), 0640);
  std::filesystem::create_symlink("m", path("link"));
  save_safetensors(path("link"), {{"a", torch::ones({2})}});
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(load_weights(path("m")).tensors.size(), 1U);
  struct stat status = {};
  ASSERT_EQ(::stat(path("m").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_EQ(files(), (std::set<std::string>{"link", "m"}));
}

TEST_F(Save, AFileCanBeWrittenOverItself) {
  save_safetensors(path("m"), {{"a", torch::arange(1000)}});
  const Weights weights = load_weights(path("m"));
  save_safetensors(path("m"), {{"b", weights.tensors[0].value}, {"c", torch::ones({5})}});
  EXPECT_TRUE(torch::equal(weights.tensors[0].value, torch::arange(1000)));
  EXPECT_TRUE(torch::equal(load_weights(path("m")).tensors[0].value, torch::arange(1000)));
}

// As on a full disk: the kernel writes no more than so many bytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_ = {};
  void (*handler_)(int);
};

TEST_F(Save, ADiskThatIsFullLeavesTheOldFile) {
  write("m", "old");
  std::string message;
  {
    const FileSizeLimit limit(100'000);
    message = error_of([&] { save_safetensors(path("m"), {{"a", torch::ones({100'000})}}); });
  }
  EXPECT_EQ(message, path("m") + ": cannot be written: File too large; what was there is unchanged");
  EXPECT_EQ(bytes_of("m"), "old");
  EXPECT_EQ(files(), std::set<std::string>{"m"});
}

TEST_F(Save, WhereNothingCanBeWritten) {
  const std::string nowhere = path("none/m");
  EXPECT_EQ(error_of([&] { save_safetensors(nowhere, {}); }),
            nowhere + ": cannot be written beside: No such file or directory; what was there is unchanged");
  EXPECT_EQ(error_of([&] { save_safetensors(folder_.string(), {}); }),
            folder_.string() + ": cannot be written: Is a directory; what was there is unchanged");
}

}  // namespace
}  // namespace weigh::testing
