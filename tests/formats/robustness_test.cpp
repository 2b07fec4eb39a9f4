// Every fixture cut short at every byte and damaged at many: an Error or a model, and nothing else.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "support/files.h"

#include "weigh/weigh.h"

namespace weigh {
namespace {

constexpr std::size_t kLarge = 8 * 1024;
constexpr std::size_t kMostDamaged = 200;  // places, of one file

std::vector<std::string> fixtures() {
  std::vector<std::string> all;
  for (const char* folder : {"pytorch", "lightning", "safetensors", "torch113", "pt2/files"})
    for (std::string& name : testing::files_below(folder)) all.push_back(std::move(name));
  for (std::string& name : testing::files_below("gguf"))
    if (name.ends_with(".gguf")) all.push_back(std::move(name));
  for (std::string& name : testing::files_below("npz"))
    if (name.ends_with(".npz")) all.push_back(std::move(name));
  for (std::string& name : testing::files_below("tflite"))
    if (name.ends_with(".tflite")) all.push_back(std::move(name));
  for (const char* name :
       {"keras/unbuilt.keras", "keras/convolutional.keras", "keras/frozen.h5", "keras/zoo.weights.h5",
        "keras/keras2_weights.h5", "hdf5/v0.h5", "hdf5/v3.h5", "hdf5/many_new.h5"})
    all.emplace_back(name);
  for (const char* name : {"lenet_frozen.pt", "mobile.ptl", "shared.pt"})
    all.push_back(std::string("torchscript/") + name);
  return all;
}

// Whatever is read must be fit for use.
void read_and_weigh(std::string_view bytes) {
  const Model model = read(*memory_folder("", {{"m", std::string(bytes)}}), "m");
  summarize(model);
}

class Hostile : public ::testing::TestWithParam<std::string> {
 protected:
  const std::string bytes_ = testing::file(GetParam());
};

TEST_P(Hostile, IsRefusedWhereItIsCutShort) {
  // The last blocks of the tar form, the last line break of an index and the padding behind the last tensor of a GGUF
  // or TensorFlow Lite file say nothing.
  const bool has_a_padded_end = GetParam() == "pytorch/legacy/tar_state.pt" || GetParam().ends_with(".index.json") ||
                                GetParam().ends_with(".gguf") || GetParam() == "tflite/offsets.tflite";
  const std::size_t end = has_a_padded_end ? bytes_.find_last_not_of(std::string_view("\0\n", 2)) + 1 : bytes_.size();
  const std::string_view whole(bytes_.data(), end);
  if (whole.size() <= kLarge) {
    EXPECT_EQ(testing::every_prefix(whole, read_and_weigh), whole.size());
    return;
  }
  const std::size_t step = whole.size() / 2000;
  for (std::size_t length = 0; length < whole.size(); length += step)
    EXPECT_THROW(read_and_weigh(whole.substr(0, length)), Error) << length << " bytes";
}

TEST_P(Hostile, IsReadOrRefusedWhereAByteIsWrong) {
  const std::size_t step = std::max<std::size_t>(7, bytes_.size() / kMostDamaged);
  for (const char flip : {'\x01', '\x20', '\xFF'}) {
    for (std::size_t at = 0; at < bytes_.size(); at += step) {
      std::string damaged = bytes_;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        read_and_weigh(damaged);
      } catch (const Error& error) {
        EXPECT_FALSE(error.message().empty());
      } catch (const std::exception& other) {
        ADD_FAILURE() << "byte " << at << ": " << other.what();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Hostile, ::testing::ValuesIn(fixtures()),
                         [](const auto& info) { return testing::test_name(info.param); });

}  // namespace
}  // namespace weigh
