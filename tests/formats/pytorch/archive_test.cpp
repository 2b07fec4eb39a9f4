// Containers of PyTorch files: what is missing, cut short, or not for us.
#include <string>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}
std::string refusal_of_fixture(const std::string& name) {
  return error_of([&] { read_files({{"m", file("pytorch/" + name)}}, "m"); });
}
// Four floats of the storage "0".
std::string weight(std::int64_t declared = 4) {
  return py::dict({{"w", py::tensor(py::storage("FloatStorage", "0", declared), 0, {4}, {1})}});
}

TEST(ZipArchive, WithoutAPickleIsRefused) {
  EXPECT_EQ(refusal(Zip().add("word/document.xml", "x").add("a/b/data.pkl", "N.").bytes()),
            "m: is a zip archive of 2 entries without data.pkl; PyTorch files have one");
  EXPECT_EQ(refusal("PK\5\6" + std::string(18, '\0')),
            "m: is a zip archive of 0 entries without data.pkl; PyTorch files have one");
}

TEST(ZipArchive, MayHaveAnyFolderOrNone) {
  for (const char* folder : {"", "archive/", "a folder/"}) {
    const std::string prefix = folder;
    Zip zip;
    zip.add(prefix + "data.pkl", py::pickle(weight())).add(prefix + "data/0", std::string(16, 'x'));
    EXPECT_EQ(shape_of(read_bytes(zip.bytes()), "w"), "[4]") << folder;
  }
}

TEST(ZipArchive, OfTorchScriptIsReadAsThat) {
  EXPECT_EQ(read_files({{"m", file("pytorch/archive/torchscript.pt")}}, "m").format, "TorchScript");
}

TEST(ZipArchive, HoldsEveryStorage) {
  EXPECT_EQ(refusal(torch_file(weight())),
            "m: tensor 'w' is in storage '0', which the file does not hold; is it incomplete?");
  EXPECT_EQ(refusal(torch_file(weight(), {{"1", std::string(16, 'x')}})),
            "m: tensor 'w' is in storage '0', which the file does not hold; is it incomplete?");
}

TEST(ZipArchive, HoldsAllOfAStorage) {
  EXPECT_EQ(refusal(torch_file(weight(), {{"0", std::string(15, 'x')}})),
            "m: tensor 'w' is in storage '0' of 16 bytes, of which the file holds 15; is it incomplete?");
  EXPECT_EQ(shape_of(read_bytes(torch_file(weight(), {{"0", std::string(16, 'x')}})), "w"), "[4]");
}

TEST(ZipArchive, WithAPickleCutShortIsRefused) {
  const std::string whole = py::pickle(weight());
  const std::size_t refused = every_prefix(whole, [](std::string_view prefix) {
    read_bytes(Zip().add("m/data.pkl", prefix).add("m/data/0", std::string(16, 'x')).bytes());
  });
  EXPECT_EQ(refused, whole.size());
}

TEST(ZipArchive, TellsItsByteOrderWhereItIsUnusual) {
  for (const char* order : {"little", "big"}) {
    Zip zip;
    zip.add("m/data.pkl", py::pickle(py::dict({}))).add("m/byteorder", order);
    const Model model = read_bytes(zip.bytes());
    EXPECT_EQ(model.metadata.size(), std::string(order) == "big" ? 1U : 0U);
  }
}

TEST(LegacyStream, HoldsEveryStorageThatItLists) {
  const std::string head = legacy_head(weight(), {"0"});
  const std::string at = std::to_string(head.size());
  EXPECT_EQ(refusal(head),
            "m: 8 bytes are needed, 0 are left of " + at + "; is the file incomplete? (at byte " + at + ")");
  EXPECT_EQ(refusal(head + little(std::int64_t{4}) + "fifteen bytes.."),
            "m: storage '0' holds 4 elements, but only 15 bytes are left; is the file incomplete? (at byte " +
                std::to_string(head.size() + 8) + ")");
  EXPECT_EQ(refusal(head + little(std::int64_t{-1})),
            "m: storage '0' holds 18446744073709551615 elements, but only 0 bytes are left; is the file incomplete? "
            "(at byte " +
                std::to_string(head.size() + 8) + ")");
  EXPECT_EQ(refusal(head + little(std::int64_t{3}) + "twelve bytes"),
            "m: tensor 'w' is in storage '0' of 16 bytes, of which the file holds 12; is it incomplete?");
  EXPECT_EQ(shape_of(read_bytes(head + little(std::int64_t{4}) + std::string(16, 'x')), "w"), "[4]");
}

TEST(LegacyStream, ListsEveryStorageThatItHolds) {
  EXPECT_EQ(refusal(legacy_head(weight(), {})),
            "m: tensor 'w' is in storage '0', which the file does not hold; is it incomplete?");
  const std::string head = legacy_head(weight(), {"7"});
  EXPECT_EQ(refusal(head),
            "m: the list of storages names one that no tensor uses (at byte " + std::to_string(head.size()) + ")");
}

TEST(LegacyStream, OfProtocol0IsNotSupported) {
  EXPECT_EQ(refusal_of_fixture("protocols/legacy_protocol0.pt"),
            "m: a tensor refers to its storage by text, as pickle protocol 0 does; torch.load cannot read it either");
  EXPECT_EQ(refusal_of_fixture("protocols/zip_protocol0.pt"),
            "m: tensor '2.num_batches_tracked' refers to its storage by text, as pickle protocol 0 does; torch.load "
            "cannot read it either");
}

TEST(TarArchive, HasAllMembers) {
  std::string bytes = file("pytorch/legacy/tar_state.pt");
  const std::size_t at = bytes.find("tensors");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'T';
  EXPECT_EQ(refusal(bytes), "m: is a tar archive without the member 'tensors'; PyTorch's have one");
}

TEST(TarArchive, HasMembersThatHoldWhatTheyHold) {
  const std::string whole = file("pytorch/legacy/tar_state.pt");
  int members = 0;
  for (std::size_t at = 0; at + 512 <= whole.size(); at += 512) {
    if (whole.compare(at + 257, 5, "ustar") != 0) continue;
    const std::string name = whole.c_str() + at;
    if (name == "sys_info") continue;
    std::string bytes = whole;
    bytes.replace(at + 124, 11, "00000000000");
    EXPECT_EQ(refusal(bytes), "m: tar member '" + name + "' has 0 bytes, but what it holds does not fit into them")
        << name;
    ++members;
  }
  EXPECT_EQ(members, 3);
}

}  // namespace
}  // namespace weigh::testing
