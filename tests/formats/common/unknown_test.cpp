// Files that are no model: the message tells what they are.
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "formats/registry.h"
#include "places/directory_formats.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}

TEST(Unknown, FilesAreNamedByWhatTheyLookLike) {
  EXPECT_EQ(refusal(""), "m: is empty");
  EXPECT_EQ(refusal("Once upon a time\n"), "m: is text, not a model");
  EXPECT_EQ(refusal("{}"), "m: is text, not a model");
  EXPECT_EQ(refusal("{\"architectures\": [\"GPT2\"]}"), "m: is text, not a model");
  EXPECT_EQ(refusal("<!DOCTYPE html>"), "m: is a web page; did a download need a login?");
  EXPECT_EQ(refusal("<html>"), "m: is a web page; did a download need a login?");
  EXPECT_EQ(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
            "m: is a Git LFS pointer to 1 byte, not the model; run 'git lfs pull' to fetch it");
  EXPECT_EQ(refusal("\x1f\x8b\x08"), "m: is gzip-compressed; unpack it first");
  EXPECT_EQ(refusal("\x28\xb5\x2f\xfd"), "m: is zstd-compressed; unpack it first");
  EXPECT_EQ(refusal("\x93NUMPY\x01"), "m: is one NumPy array, not a model");
  EXPECT_EQ(refusal(py::pickle(py::dict({}))), "m: is a plain pickle, not one that torch.save wrote; it was not read");
}

TEST(Unknown, FilesOfNoSignAreSaidToBeSo) {
  const std::string wanted = "m: is of no format that is known; 'weigh --formats' lists those that are";
  EXPECT_EQ(refusal(std::string(1000, '\0')), wanted);
  EXPECT_EQ(refusal("\xff\x01\x02\x03"), wanted);
  std::mt19937 random(1);
  for (int file = 0; file < 200; ++file) {
    std::string bytes = "\x01";  // the sign of nothing
    for (int i = 0; i < 600; ++i) bytes += static_cast<char>(random());
    bytes[8] = '\0';
    EXPECT_EQ(refusal(bytes), wanted) << file;
  }
}

TEST(Unknown, FilesAreNamedWithTheirFolder) {
  EXPECT_EQ(error_of([] { read(*memory_folder("models", {{"x.pt", ""}}), "x.pt"); }), "models/x.pt: is empty");
}

TEST(Unknown, PathsAreNotFound) {
  EXPECT_EQ(error_of([] { read("/nowhere/x.pt"); }), "/nowhere/x.pt: cannot be opened: No such file or directory");
}

TEST(Registry, KnowsEachFixtureByItsFirstBytesAlone) {
  std::vector<std::string> names;
  for (const char* folder : {"pytorch", "lightning", "safetensors", "torch113", "gguf", "tflite", "keras", "hdf5"})
    for (std::string& name : files_below(folder)) names.push_back(std::move(name));
  for (const std::string& name : names) {
    if (name.ends_with(".json")) continue;
    const std::string bytes = file(name);
    const bool is_script = name.ends_with("/torchscript.pt") || name.ends_with("/traced.pt");
    const bool is_keras = name.starts_with("keras/") || name.starts_with("hdf5/");
    const std::string_view wanted = name.ends_with(".safetensors") ? "safetensors"
                                    : is_keras                     ? "Keras"
                                    : name.ends_with(".gguf")      ? "GGUF"
                                    : name.ends_with(".tflite")    ? "TensorFlow Lite"
                                    : is_script                    ? "TorchScript"
                                                                   : "PyTorch";
    const auto source = memory_source(name, bytes);
    Glance glance(*source);
    for (const Format& format : format_table())
      EXPECT_EQ(format.matches(glance), format.name == wanted) << name << " as " << format.name;
    if (!is_script && !name.ends_with(".keras")) {  // these are told by their directory
      // The first 512 bytes, and 8 at each power of two, where an HDF5 file may begin.
      EXPECT_LE(source->bytes_read(), 512U + 8 * 30) << name;
    }
  }
}

TEST(Registry, DescribesItsFormats) {
  ASSERT_EQ(formats().size(), format_table().size() + directory_format_table().size());
  for (const FormatInfo& info : formats()) EXPECT_FALSE(info.description.empty()) << info.name;
}

// A legacy stream begins with 0x80 0x02, a tar archive has its sign at byte 257, a safetensors header's length may look
// like neither; but a brace at byte 8 and "ustar" at byte 257 fit into one file.
TEST(Registry, NotesAFileOfTwoFormats) {
  std::string header = R"({"__metadata__":{"a":")";
  header += std::string(257 - 8 - header.size(), ' ') + "ustar";
  header += std::string(600 - header.size(), ' ') + "\"}}";
  const Model model = read_bytes(safetensors(header));
  EXPECT_EQ(model.format, "safetensors");
  EXPECT_EQ(notes_of(model),
            "polyglot m: is also a PyTorch file; it was read as safetensors. Other programs may see another model in "
            "it\n");
}

}  // namespace
}  // namespace weigh::testing
