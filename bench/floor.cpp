// What reading a directory's safetensors headers costs: each is read and every member is walked, nothing is kept. With
// --read they are read alone.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

namespace {

namespace ondemand = simdjson::ondemand;
using namespace std::string_view_literals;

struct Totals {
  std::uint64_t tensors = 0;
  std::uint64_t sum = 0;  // of all that was walked, so that no compiler leaves it out
};

void read(int file, char* to, std::size_t size, off_t offset) {
  if (pread(file, to, size, offset) != static_cast<ssize_t>(size)) throw std::runtime_error("a file is too short");
}

void walk_tensor(ondemand::object tensor, Totals& totals) {
  totals.sum += tensor.find_field("dtype").get_string().value().size();
  for (auto extent : tensor.find_field("shape").get_array()) totals.sum += extent.get_uint64().value();
  for (auto offset : tensor.find_field("data_offsets").get_array()) totals.sum += offset.get_uint64().value();
  ++totals.tensors;
}

// `text` keeps its memory from file to file.
void walk_file(const char* path, bool is_walked, std::string& text, ondemand::parser& parser, Totals& totals) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) throw std::runtime_error("a file cannot be opened");
  std::uint64_t length = 0;
  read(file, reinterpret_cast<char*>(&length), sizeof(length), 0);
  if (text.size() < length + simdjson::SIMDJSON_PADDING) text.resize(length + simdjson::SIMDJSON_PADDING);
  read(file, text.data(), length, sizeof(length));
  close(file);
  totals.sum += static_cast<unsigned char>(text[length / 2]);
  if (!is_walked) return;
  ondemand::document document = parser.iterate(simdjson::padded_string_view(text.data(), length, text.size()));
  for (auto field : document.get_object()) {
    if (field.key().value() == "__metadata__"sv) continue;
    walk_tensor(field.value().get_object().value(), totals);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_walked = argc == 2;
  if (!is_walked && (argc != 3 || argv[1] != "--read"sv)) return 2;
  std::string text;
  ondemand::parser parser;
  Totals totals;
  for (const auto& entry : std::filesystem::directory_iterator(argv[argc - 1]))
    if (entry.path().extension() == ".safetensors") walk_file(entry.path().c_str(), is_walked, text, parser, totals);
  std::printf("%ju tensors, sum %ju\n", std::uintmax_t{totals.tensors}, std::uintmax_t{totals.sum});
}
