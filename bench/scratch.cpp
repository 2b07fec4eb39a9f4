#include "scratch.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "child.h"

namespace weigh::bench {

namespace fs = std::filesystem;

Scratch::Scratch(std::string directory) : directory_(std::move(directory)) { fs::create_directories(directory_); }

std::string Scratch::make(const std::string& name, const std::vector<std::string>& arguments) const {
  std::string made = path(name);
  if (fs::exists(made) && fs::last_write_time(made) >= fs::last_write_time(WEIGH_REPLICA)) return made;
  fmt::print("making {}\n", made);
  fs::remove_all(made);
  const std::string unfinished = made + ".part";  // so that what was interrupted is not taken for whole
  fs::remove_all(unfinished);
  Command command = {WEIGH_REPLICA, "--output", unfinished};
  command.insert(command.end(), arguments.begin(), arguments.end());
  run(command);
  fs::rename(unfinished, made);
  return made;
}

std::string Scratch::torch_file(std::size_t tensors) const {
  return make(fmt::format("{}.pt", tensors), {"--torch", "--tensors", fmt::to_string(tensors)});
}

// One file each: a million tensors with short names stay below the 100 MB that a header may have.
std::string Scratch::safetensors(std::size_t tensors) const {
  return make(fmt::format("{}", tensors), {"--tensors", fmt::to_string(tensors), "--shards", "1"});
}

std::string Scratch::kimi() const { return make("Kimi-K2-Thinking", {WEIGH_KIMI}); }

namespace {

template <class T>
void put(std::string& bytes, T number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

std::string Scratch::gguf() const {
  constexpr std::uint64_t kTensors = 300;
  constexpr std::uint64_t kBytes = std::uint64_t{2048} * 16384 / 32 * 34;
  std::string head = "GGUF";
  put(head, std::uint32_t{3});
  put(head, kTensors);
  put(head, std::uint64_t{0});
  for (std::uint64_t i = 0; i < kTensors; ++i) {
    const std::string name = fmt::format("blk.{}.attn_{}.weight", i / 9, i % 9);
    put(head, std::uint64_t{name.size()});
    head += name;
    put(head, std::uint32_t{2});
    put(head, std::uint64_t{2048});
    put(head, std::uint64_t{16384});
    put(head, std::uint32_t{8});  // Q8_0
    put(head, i * kBytes);
  }
  head.resize((head.size() + 31) / 32 * 32);
  std::string made = path("sparse.gguf");
  std::ofstream(made, std::ios::binary) << head;
  fs::resize_file(made, head.size() + kTensors * kBytes);
  return made;
}

namespace {

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
// The head of a field that has a length.
std::string field(unsigned number, std::uint64_t length) { return varint(number << 3 | 2) + varint(length); }
std::string field(unsigned number, const std::string& bytes) { return field(number, bytes.size()) + bytes; }

}  // namespace

// A graph of 300 matrix products; of each matrix the head is written and the data skipped.
std::string Scratch::onnx() const {
  constexpr std::uint64_t kTensors = 300;
  constexpr std::uint64_t kBytes = std::uint64_t{2048} * 4096 * 4;
  std::string nodes;
  std::vector<std::string> heads;
  std::uint64_t size = 0;
  for (std::uint64_t i = 0; i < kTensors; ++i) {
    const std::string name = fmt::format("layers.{}.proj.weight", i);
    nodes += field(1, field(1, fmt::format("x{}", i)) + field(1, name) + field(2, fmt::format("x{}", i + 1)) +
                          field(3, fmt::format("/layers.{}/proj/MatMul", i)) + field(4, std::string("MatMul")));
    const std::string head =
        "\x08" + varint(2048) + "\x08" + varint(4096) + "\x10\x01" + field(8, name) + field(9, kBytes);
    heads.push_back(field(5, head.size() + kBytes) + head);
    size += heads.back().size() + kBytes;
  }
  std::string made = path("sparse.onnx");
  std::ofstream file(made, std::ios::binary);
  file << "\x08\x0a" << field(7, nodes.size() + size) << nodes;
  for (const std::string& head : heads) {
    file << head;
    file.seekp(static_cast<std::streamoff>(kBytes), std::ios::cur);
  }
  const auto end = static_cast<std::uintmax_t>(file.tellp());
  file.close();
  fs::resize_file(made, end);
  return made;
}

std::string Scratch::weights(const std::string& name) const {
  constexpr std::uint64_t kBytes = std::uint64_t{1} << 28;  // of a matrix of float32
  std::string header = "{";
  for (std::uint64_t i = 0; i < 8; ++i)
    header += fmt::format(R"({}"layers.{}.weight":{{"dtype":"F32","shape":[8192,8192],"data_offsets":[{},{}]}})",
                          i == 0 ? "" : ",", i, i * kBytes, (i + 1) * kBytes);
  header += "}";
  std::string made = path(name);
  std::string head;
  put(head, std::uint64_t{header.size()});
  std::ofstream(made, std::ios::binary) << head << header;
  fs::resize_file(made, 8 + header.size() + 8 * kBytes);
  return made;
}

// One small model under many names: what a directory of states of a training looks like to a reader of headers.
std::string Scratch::many_models(std::size_t count) const {
  const std::string one = make("small", {"--tensors", "20", "--shards", "1"});
  fs::path file;
  for (const fs::directory_entry& entry : fs::directory_iterator(one))
    if (entry.path().extension() == ".safetensors") file = entry.path();
  std::string made = path(fmt::format("{}-models", count));
  fs::remove_all(made);
  fs::create_directories(made);
  for (std::size_t i = 0; i < count; ++i) fs::copy_file(file, fmt::format("{}/epoch={}.safetensors", made, i));
  return made;
}

std::uint64_t header_bytes(const std::string& directory) {
  std::uint64_t sum = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() != ".safetensors") continue;
    std::uint64_t length = 0;
    std::ifstream(entry.path(), std::ios::binary).read(reinterpret_cast<char*>(&length), sizeof(length));
    sum += length;
  }
  return sum;
}

}  // namespace weigh::bench
