// Tensors of which a rank saved its part: ShardedTensor, as FSDP's state dicts have them.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

class ShardedTensorFile : public ::testing::TestWithParam<std::string> {
 protected:
  Json expected() const {
    const std::string rank = GetParam().substr(GetParam().size() - 4, 1);
    return Json::parse(file("fsdp/expected_" + rank + ".json")).at(GetParam());
  }
};

TEST_P(ShardedTensorFile, HasWholeShapesAndTheBytesOfItsRank) {
  const Model model = read(data_path("fsdp/" + GetParam()));
  const Json all = expected();
  EXPECT_EQ(model.tensors.size(), all.size());
  std::uint64_t bytes = 0;
  for (const Tensor& tensor : model.tensors) {
    const std::string path = model.path_of(tensor);
    ASSERT_TRUE(all.contains(path)) << path;
    expect_tensor(model, path, all[path]);
    EXPECT_EQ(tensor.stored_bytes, all[path]["local_bytes"].get<std::uint64_t>()) << path;
    bytes += tensor.stored_bytes;
  }
  EXPECT_EQ(summarize(model).totals.bytes, Count(bytes));
  ASSERT_EQ(model.notes.size(), 1U);
  EXPECT_EQ(model.notes[0].code, "sharded-tensor");
}

TEST_P(ShardedTensorFile, IsRefusedWhereItIsCut) {
  const std::string bytes = file("fsdp/" + GetParam());
  EXPECT_EQ(every_prefix(bytes, [](std::string_view prefix) { read_bytes(std::string(prefix)); }), bytes.size());
}

INSTANTIATE_TEST_SUITE_P(All, ShardedTensorFile,
                         ::testing::Values("sharded_0.pt", "sharded_1.pt", "local_0.pt", "local_1.pt", "rows_0.pt",
                                           "rows_1.pt"),
                         [](const auto& info) { return info.param.substr(0, info.param.find('.')); });

TEST(ShardedTensor, OfOneFileTellsWhichRankWroteIt) {
  EXPECT_EQ(notes_of(read(data_path("fsdp/rows_1.pt"))),
            "sharded-tensor weight: is sharded: its shape is that of the whole, of whose 84 bytes this file (rank 1 of "
            "2) holds 36; the rest is in the files of other ranks, which were not looked at\n");
  EXPECT_EQ(notes_of(read(data_path("fsdp/sharded_0.pt"))),
            "sharded-tensor 0.weight: is sharded, as 5 more are: their shapes are those of the whole, of whose 252 "
            "bytes this file (rank 0 of 2) holds 140; the rest is in the files of other ranks, which were not looked "
            "at\n");
}

// As torch 1.12 pickled it, when it was no tensor.
std::string instance(const std::string& type, const std::string& state) { return type + ")\x81" + state + "b"; }
std::string shard(const std::vector<std::int64_t>& sizes, const std::string& tensor) {
  std::vector<std::string> numbers;
  for (const std::int64_t size : sizes) numbers.push_back(py::integer(size));
  const std::string metadata = instance(py::global("torch.distributed._shard.metadata", "ShardMetadata"),
                                        py::dict({{"shard_sizes", py::list(numbers)}}));
  return instance(py::global("torch.distributed._shard.sharded_tensor.shard", "Shard"),
                  py::dict({{"tensor", tensor}, {"metadata", metadata}}));
}
std::string sharded(const std::vector<std::string>& shards, const std::vector<std::int64_t>& size) {
  const std::string properties =
      instance(py::global("torch.distributed._shard.sharded_tensor.metadata", "TensorProperties"),
               py::tuple({py::global("torch", "float32"), py::none(), py::boolean(true)}));
  const std::string metadata =
      instance(py::global("torch.distributed._shard.sharded_tensor.metadata", "ShardedTensorMetadata"),
               py::dict({{"size", py::sizes(size)}, {"tensor_properties", properties}}));
  return instance(py::global("torch.distributed._shard.sharded_tensor.api", "ShardedTensor"),
                  py::tuple({py::list(shards), metadata, py::none(), py::none(), py::none()}));
}
std::string rows(std::int64_t count) { return py::tensor(py::storage("FloatStorage", "0", 12), 0, {count, 3}, {3, 1}); }
std::string saved(const std::string& tensor) {
  return torch_file(py::dict({{"w", tensor}}), {{"0", std::string(48, '.')}});
}

TEST(ShardedTensor, OfOldVersionsIsATensorToo) {
  const Model model = read_bytes(saved(sharded({shard({2, 3}, rows(2)), shard({1, 3}, rows(1))}, {8, 3})));
  EXPECT_EQ(shape_of(model, "w"), "[8, 3]");
  EXPECT_EQ(find(model, "w")->stored_bytes, 36U);
  EXPECT_EQ(notes_of(model),
            "sharded-tensor w: is sharded: its shape is that of the whole, of whose 96 bytes this file holds 36; the "
            "rest is in the files of other ranks, which were not looked at\n");
  EXPECT_EQ(notes_of(read_bytes(saved(sharded({shard({4, 3}, rows(4))}, {4, 3})))), "");
  EXPECT_EQ(find(read_bytes(saved(sharded({}, {8, 3}))), "w")->stored_bytes, 0U);
}

TEST(ShardedTensor, ThatContradictsItselfIsRefused) {
  const auto refusal = [](const std::string& tensor) { return error_of([&] { read_bytes(saved(tensor)); }); };
  EXPECT_EQ(refusal(sharded({shard({3, 3}, rows(2))}, {8, 3})),
            "m: tensor 'w' has a shard whose shape is another than its metadata say");
  EXPECT_EQ(refusal(sharded({shard({2, 3}, py::none())}, {8, 3})), "m: tensor 'w' has a shard that holds no tensor");
  EXPECT_EQ(refusal(sharded({shard({2, 3}, rows(2))}, {-8, 3})), "m: tensor 'w' has an extent that is no size");
  EXPECT_EQ(refusal(instance(py::global("torch.distributed._shard.sharded_tensor.api", "ShardedTensor"), py::none())),
            "m: tensor 'w' is sharded, but has no metadata");
  std::string nested = rows(2);
  for (int i = 0; i < 40; ++i) nested = sharded({shard({2, 3}, nested)}, {2, 3});
  EXPECT_EQ(refusal(nested), "m: tensor 'w' nests tensors deeper than 16");
}

}  // namespace
}  // namespace weigh::testing
